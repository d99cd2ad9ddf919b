import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';

const page = readFileSync(join(import.meta.dirname, 'mastra.md'), 'utf8');

it('the program under "Components" prints the names that its comment has', async () => {
  const section = page.split(/^## /m).find((text) => text.startsWith('Components\n'))!;
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(section)!;
  const [, comment] = /Object\.keys\(target\.components\)\);\n((?:\/\/ .*\n)+)/.exec(code!)!;
  // Beside the examples, whose packages it imports.
  const folder = mkdtempSync(join(import.meta.dirname, '../examples/.mastra-'));
  const log = vi.spyOn(console, 'log').mockReturnValue();
  try {
    writeFileSync(join(folder, 'main.ts'), code!);
    await import(join(folder, 'main.ts'));
    const [[printed], [skipped]] = log.mock.calls as [[string[]], [{ reason: string }[]]];
    expect([...printed].sort()).toEqual(
      comment!
        .split(/[\s,/]+/)
        .filter(Boolean)
        .sort(),
    );
    expect(skipped.map(({ reason }) => reason)).toEqual([expect.stringContaining('The tunable "manners"')]);
  } finally {
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
