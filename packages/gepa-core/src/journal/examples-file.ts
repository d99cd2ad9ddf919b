import type { Pause } from '../calls/pause.ts';
import type { Mask } from '../masking/mask.ts';
import { builtin } from '../node/builtin.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import { messageOf } from '../text/error-message.ts';

/** The data sets of a run, and how their examples are written. */
export interface WrittenExamples {
  readonly sets: Readonly<Record<string, readonly ExampleRef[]>>;
  /** The input as plain data. */
  readonly plainInput: (input: unknown) => unknown;
  readonly mask: Mask;
  readonly pause: Pause;
}

/**
 * Writes the examples of a run, one per line: number, id, set, position, contents. Equal examples have one number, and
 * only the first has the contents. A file that is there already is complete, and stays.
 *
 * @throws what `redact` and `pause` throw, and when the file cannot be written.
 */
export async function writeExamples(
  path: string,
  { sets, plainInput, mask, pause }: WrittenExamples,
): Promise<void> {
  const fs = builtin('node:fs', 'leave `runDir` out.');
  if (fs.existsSync(path)) return;
  const draft = `${path}.draft`;
  const file = fs.openSync(draft, 'w', 0o600);
  try {
    const written = new Set<number>();
    for (const [set, refs] of Object.entries(sets)) {
      for (const [position, { key, id, example }] of refs.entries()) {
        await pause();
        const contents = written.has(key) ? {} : contentsOf(example, plainInput);
        written.add(key);
        const line = { example: key, set, position, ...masked({ id, ...contents }, mask) };
        fs.writeSync(file, `${JSON.stringify(line)}\n`);
      }
    }
    fs.renameSync(draft, path);
  } finally {
    fs.closeSync(file);
    fs.rmSync(draft, { force: true });
  }
}

function masked(contents: object, mask: Mask): object {
  try {
    return mask.data(contents) as object;
  } catch (error) {
    throw new Error(`redact failed: ${messageOf(error)}`);
  }
}

/** An example without an input of its own is an input. */
function contentsOf(example: unknown, plainInput: WrittenExamples['plainInput']): object {
  if (typeof example !== 'object' || example === null || !('input' in example)) {
    return { input: plainInput(example) };
  }
  const { id: _, input, expected, metadata, ...other } = example as Readonly<Record<string, unknown>>;
  return {
    input: plainInput(input),
    expected,
    metadata,
    other: Object.keys(other).length === 0 ? undefined : other,
  };
}
