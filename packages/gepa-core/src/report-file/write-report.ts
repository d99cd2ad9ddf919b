import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { checkArgument, checkOptions } from '../check-options.ts';
import { FileAccessError } from '../errors.ts';
import type { EvaluationData } from '../evaluate/evaluation.ts';
import { aNumberFrom, aText } from '../kinds.ts';
import { fileProblem } from '../node/file-problem.ts';
import { type ReplacedFile, replacedFile } from '../node/replaced-file.ts';
import type { OptimizationResult } from '../result.ts';
import { RunReader } from '../run-data/read-run.ts';
import { exampleDetail, keptRollouts, type ReportSource, rolloutsByExample, sourceOf } from './details.ts';
import { block, readTemplate } from './html.ts';
import { encodeMatrix } from './page-data.ts';
import { pageOfRun } from './page-of-run.ts';
import { sourceOfEvaluation } from './run-of-evaluation.ts';
import { runOfResult } from './run-of-result.ts';

const gzip = promisify(gzipWithCallback);

/** A block is small, because the page unpacks it as a whole; one example may still be larger. */
const BLOCK_CHARACTERS = 500_000;

/** Compressed to a tenth or less. Larger files are a problem for mail and browsers. */
const DEFAULT_MAX_DETAIL_BYTES = 300_000_000;

export interface ReportOptions {
  /**
   * The most bytes of outputs, traces and feedback in the file, before compression. Details of seed, best candidate and
   * testset come first. Default 300,000,000.
   */
  readonly maxDetailBytes?: number | undefined;
}

/**
 * Writes a report of a run or an evaluation, also one that is not finished: one HTML file that opens from disk, without a
 * network.
 *
 * @param run The run directory; or the result of `optimize` (`compiled.result`), without inputs, outputs and prompts; or
 * the result of `evaluate`, without inputs and traces.
 * @throws {RunDirectoryError} when the directory has no run.
 * @throws {FileAccessError} when the file cannot be written.
 * @throws {OptionsError} on invalid arguments.
 */
export async function writeReport<Name extends string>(
  run: string | OptimizationResult<Name> | EvaluationData,
  path: string,
  options: ReportOptions = {},
): Promise<void> {
  checkArgument('The run', run, aRun);
  checkArgument('The path', path, aText);
  checkOptions(options, { maxDetailBytes: aNumberFrom(0) });
  if (typeof run !== 'string') {
    const source = isEvaluation(run) ? sourceOfEvaluation(run) : resultSource(run);
    return writeReportFile(path, source, options);
  }
  const reader = new RunReader(resolve(run));
  reader.update();
  return writeReportFile(path, sourceOf(reader), options);
}

const aRun = {
  words: 'the path of a run directory, or the result of `optimize` (`compiled.result`) or of `evaluate`',
  is: (run: unknown) => aText.is(run) || (typeof run === 'object' && run !== null && 'candidates' in run),
};

const isEvaluation = (run: object): run is EvaluationData =>
  'candidates' in run && !Array.isArray(run.candidates);

function resultSource(result: OptimizationResult): ReportSource {
  const missing = () => {
    throw new Error('A result has no details.');
  };
  return { data: runOfResult(result), isPartial: true, rollout: missing, reflection: missing };
}

/** Writes the page and a run into one file, which replaces an older one when it is complete. */
export async function writeReportFile(
  path: string,
  source: ReportSource,
  { maxDetailBytes = DEFAULT_MAX_DETAIL_BYTES }: ReportOptions = {},
): Promise<void> {
  const template = readTemplate();
  const target = resolve(path);
  let replaced: ReplacedFile | undefined;
  try {
    replaced = replacedFile(target);
    const file = openSync(replaced.draft, 'w', 0o600);
    try {
      const write = (text: string) => void writeSync(file, text);
      for await (const part of partsOf(template, source, maxDetailBytes)) write(part);
    } finally {
      closeSync(file);
    }
    replaced.replace();
  } catch (error) {
    replaced?.discard();
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    throw new FileAccessError(
      `The report cannot be written to ${target}: ${fileProblem(error)}. Give the path of a file in a folder that can be written.`,
      { cause: error },
    );
  }
}

async function* partsOf(
  template: ReturnType<typeof readTemplate>,
  source: ReportSource,
  maxDetailBytes: number,
): AsyncGenerator<string> {
  const { data, matrix } = pageOfRun(source.data);
  const isKept = keptRollouts(source.data, maxDetailBytes);
  const omittedRollouts = source.data.rollouts.filter((rollout) => !isKept(rollout)).length;
  yield template.head("'none'");
  yield block('data', await gzip(JSON.stringify({ ...data, omittedRollouts, isPartial: source.isPartial })));
  yield block('scores', await gzip(encodeMatrix(matrix)));
  yield template.middle;
  const rollouts = rolloutsByExample(source.data);
  const starts: Record<'examples' | 'reflections', number[]> = { examples: [], reflections: [] };
  yield* blocksOf('examples', source.data.examples.length, (example) =>
    exampleDetail(source, example, rollouts[example]!, isKept),
  );
  yield* blocksOf('reflections', source.data.reflections.length, (number) =>
    source.reflection(source.data.reflections[number]!.detail),
  );
  yield block('index', await gzip(JSON.stringify(starts)));
  yield template.end;

  async function* blocksOf(
    kind: keyof typeof starts,
    count: number,
    value: (number: number) => unknown,
  ): AsyncGenerator<string> {
    let items: string[] = [];
    let characters = 0;
    for (let number = 0; number < count; number++) {
      if (items.length === 0) starts[kind].push(number);
      const item = JSON.stringify(value(number));
      items.push(item);
      characters += item.length;
      if (characters < BLOCK_CHARACTERS && number < count - 1) continue;
      yield block(`${kind}-${starts[kind].length - 1}`, await gzip(`[${items.join(',')}]`));
      items = [];
      characters = 0;
    }
  }
}
