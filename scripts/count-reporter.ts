import type { Reporter, TestModule } from 'vitest/node';

/** Prints the counts as the last line of the output, after every other reporter. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      // A file that fails outside its tests, such as in an import, counts as one failure.
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped++;
      }
    }
    const counts = `${passed} passed, ${failed} failed\n`;
    // The default reporter writes its summary in the same event; let it finish.
    process.on('exit', () => process.stdout.write(`\n${skipped > 0 ? `${skipped} skipped\n` : ''}${counts}`));
  }
}
