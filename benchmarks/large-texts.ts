import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { optimize, RolloutError } from 'gepa-core';

/**
 * Measures how long a run keeps timers and signals waiting while all its texts are large: outputs, traces, errors,
 * feedback, examples and answers of the reflection model. Each figure is the best of three runs.
 */
const size = 1_000_000;
const shapes: Readonly<Record<string, string>> = {
  letters: 'a'.repeat(size),
  words: 'some words here. '.repeat(size / 17),
  'white space': `a${' '.repeat(size)}b`,
  'line breaks': `a${'\n'.repeat(size)}b`,
  fences: '```\nx\n```\n\n'.repeat(size / 12),
  placeholders: '{q}'.repeat(size / 3),
  'Bearer again and again': 'Bearer '.repeat(size / 7),
  'prefixes of keys': 'pk-'.repeat(size / 3),
  'quotes and backslashes': '"\\'.repeat(size / 2),
};

/** The processor time of this thread, which other processes do not change. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

async function longestStep(text: string, runDir: string): Promise<number> {
  let longest = 0;
  let last = threadMs();
  const timer = setInterval(() => {
    const now = threadMs();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await optimize({
    runDir,
    adapter: {
      components: { prompt: { text: 'base {q}', variables: ['q'] } },
      async run(_candidate, { input, fails }: { readonly input: string; readonly fails: boolean }) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        const trace = [
          {
            kind: 'model' as const,
            name: 'model',
            components: ['prompt'],
            input: [{ role: 'user', content: input }],
            output: text,
          },
        ];
        if (fails) throw new RolloutError(`Failed to parse. Text: "${text}"`, { cause: undefined, trace });
        return { output: text, trace };
      },
    },
    trainset: [true, false, true].map((fails, id) => ({ id: `${id}`, input: text, fails })),
    metric: ({ output }) => ({ score: 0.5, feedback: output }),
    reflectionModel: async () => text,
    maxIterations: 3,
  });
  clearInterval(timer);
  return longest;
}

const root = mkdtempSync(join(tmpdir(), 'gepa-large-texts-'));
console.log(
  `Texts of ${size.toLocaleString('en-US')} characters; the longest step without a turn of the event loop:\n`,
);
for (const [name, text] of Object.entries(shapes)) {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run++)
    best = Math.min(best, await longestStep(text, mkdtempSync(join(root, 'run-'))));
  console.log(`${name.padEnd(24)} ${best.toFixed(0).padStart(5)} ms`);
}
rmSync(root, { recursive: true });
