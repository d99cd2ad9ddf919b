import type { Step } from '../adapter/trace.ts';
import { nextTurn } from '../calls/next-turn.ts';
import { checkOptions } from '../check-options.ts';
import { type Candidate, recordOf, seedCandidateOf } from '../component.ts';
import { RunError } from '../errors.ts';
import type { Interruption } from '../interruption.ts';
import { aCount, aFilledList, anObject, anyValue, type Kinds, required } from '../kinds.ts';
import type { AdapterOptions, FunctionOptions, SearchOptions } from '../options/options.ts';
import { resolveOptions, type Settings } from '../options/settings.ts';
import { maskMessages, type OpenRun, withRun } from '../run/with-run.ts';
import { type GivenCandidate, givenTexts } from '../saved/given-candidate.ts';
import type { Evaluator } from '../search/evaluation/evaluator.ts';
import type { ExampleRef } from '../search/evaluation/examples.ts';
import type { Scored } from '../search/evaluation/known-rollouts.ts';
import type { StopReason } from '../search/strategies/stop-reason.ts';
import { messageOf, sentence } from '../text/error-message.ts';
import { candidateEvaluation, type Runs } from './candidate-evaluation.ts';
import type { CandidateEvaluation } from './evaluation.ts';
import { EvaluationReport } from './evaluation-report.ts';

/** A candidate to evaluate: the program as it is (`'seed'`), its texts, or a saved candidate or the path of its file. */
export type CandidateToEvaluate<Name extends string = string> = 'seed' | GivenCandidate<Name>;

/** The options that an evaluation shares with a run. */
const sharedOptions = [
  'metric',
  'failureScore',
  'concurrency',
  'rollouts',
  'retry',
  'rolloutTimeoutMs',
  'maxCostUsd',
  'maxTokens',
  'maxDurationMs',
  'reserve',
  'prices',
  'signal',
  'runDir',
  'redact',
  'onEvent',
] as const;

/** The options of an evaluation besides the program. */
export interface EvaluationOptions<Example, Output, Trace, Name extends string, Names extends string>
  extends Pick<SearchOptions<Example, Output, Trace, Name>, (typeof sharedOptions)[number]> {
  /** The examples to score candidates on. */
  readonly examples: readonly Example[];
  /** The candidates, by a name of your choice. Default: `{ seed: 'seed' }`, the program as it is. */
  readonly candidates?: Readonly<Record<Names, CandidateToEvaluate<Name>>> | undefined;
  /** How often each candidate runs on each example; more than once shows the noise. Default 1. */
  readonly repeats?: number | undefined;
}

/** The options of `evaluate`: an adapter, or a seed candidate and a function that runs it. */
export type EvaluateOptions<
  Example,
  Output,
  Trace,
  Name extends string,
  Names extends string,
> = EvaluationOptions<Example, Output, Trace, Name, Names> &
  (
    | Pick<AdapterOptions<Example, Output, Trace, Name>, 'adapter'>
    | Pick<FunctionOptions<Example, Output, Trace, Name>, 'seedCandidate' | 'run' | 'metersCalls'>
  );

const checkedLater = ['adapter', 'seedCandidate', 'run', 'metersCalls', ...sharedOptions];

const optionKinds: Kinds = {
  ...Object.fromEntries(checkedLater.map((name) => [name, anyValue])),
  examples: required(aFilledList('example')),
  candidates: {
    words: "an object with one candidate or more by name, such as { before: 'seed' }",
    is: (value) => anObject.is(value) && Object.keys(value as object).length > 0,
  },
  repeats: aCount,
};

/**
 * Scores the program as it is, or several candidates, on examples. Rollouts are made as in a run: with its concurrency,
 * retries, limits, masking and journal. With a `runDir`, the same call resumes an interrupted evaluation; candidates may be
 * added. In tracing, the phase of these rollouts is `testset`.
 *
 * @throws {OptionsError} before anything is spent, with every problem of the options.
 * @throws {CandidateMismatchError} before anything is spent, when a candidate does not fit the program.
 * @throws {RunError} when the evaluation cannot go on, for example on an invalid score.
 */
export async function evaluate<
  Example,
  Output,
  Trace = readonly Step[],
  Name extends string = string,
  Names extends string = 'seed',
>(
  options: EvaluateOptions<Example, Output, Trace, Name, Names>,
): Promise<EvaluationReport<Names, Name, Output>> {
  checkOptions(options, optionKinds);
  const { examples, candidates: given, repeats = 1, ...shared } = options;
  const settings = await resolveOptions<Example, Output, Trace, Name>({
    ...(shared as Omit<AdapterOptions<Example, Output, Trace, Name>, 'trainset'>),
    trainset: examples,
    // An evaluation makes no proposal.
    propose: async () => ({}),
    maxIterations: 1,
    // No score is perfect: a metric of any scale can be evaluated.
    skipPerfectScore: false,
  });
  const candidates = (given ?? { seed: 'seed' }) as Readonly<Record<Names, CandidateToEvaluate<Name>>>;
  const names = Object.keys(candidates) as Names[];
  const { components } = settings.adapter;
  const texts = recordOf(names, (name) => {
    const candidate = candidates[name];
    return candidate === 'seed' ? seedCandidateOf(components) : givenTexts(components, candidate);
  });
  const report = await withRun(
    { ...settings, valset: [...examples] },
    (run) => evaluateAll(settings, run, names, texts, repeats),
    { candidates: names.map((name) => ({ name, texts: texts[name] })), repeats },
  );
  return report as EvaluationReport<Names, Name, Output>;
}

async function evaluateAll<Name extends string, Names extends string>(
  settings: Settings<Name>,
  { prepared, dispatcher, runSignal }: OpenRun<Name>,
  names: readonly Names[],
  texts: Readonly<Record<Names, Candidate<Name>>>,
  repeats: number,
): Promise<EvaluationReport<Names, Name>> {
  const { search, calls } = prepared;
  const { evaluator, trainset: examples } = search;
  try {
    // All candidates share the concurrency, so that an early end leaves examples on which all have a score.
    const concurrency = Math.max(1, Math.ceil(settings.concurrency / names.length));
    const evaluations = await Promise.all(
      names.map((name, index) =>
        evaluateOne(evaluator, examples, texts[name], { candidateIndex: index, concurrency }, repeats),
      ),
    );
    calls.journal?.skip();
    const interruption = evaluations.flatMap(({ interruptions }) => interruptions).find(endsEvaluation);
    const stopReason = reasonOf(interruption, runSignal.endedBy);
    if (interruption?.error !== undefined) dispatcher.warn(sentence(interruption.error));
    for (const warning of calls.budget.warnings(stopReason, calls.spend.usage)) dispatcher.warn(warning);
    calls.journal?.mark({ type: 'ended', reason: stopReason ?? 'evaluated' });
    return new EvaluationReport<Names, Name>({
      candidates: Object.fromEntries(
        names.map((name, index) => [
          name,
          candidateEvaluation(name, texts[name], examples, evaluations[index]!.runs, settings.failureScore),
        ]),
      ) as Record<Names, CandidateEvaluation<Name>>,
      runId: prepared.runId,
      metricCalls: calls.spend.metricCalls,
      usage: calls.spend.usage,
      durationMs: calls.stopwatch.elapsedMs,
      stopReason,
      // The same array: an adapter that fails to close warns later.
      warnings: dispatcher.warnings,
    });
  } catch (error) {
    runSignal.end();
    await nextTurn();
    const failure = RunError.isInstance(error)
      ? error
      : new RunError(`The evaluation failed: ${messageOf(error)}`, { cause: error });
    maskMessages(failure, settings.mask.message);
    throw failure;
  }
}

/** All repeats of one candidate, in sequence, so that an early end leaves complete repeats. */
async function evaluateOne<Name extends string>(
  evaluator: Evaluator<Name>,
  examples: readonly ExampleRef[],
  candidate: Candidate<Name>,
  context: { readonly candidateIndex: number; readonly concurrency: number },
  repeats: number,
): Promise<{
  readonly runs: readonly Runs[];
  readonly interruptions: readonly Interruption[];
}> {
  const runs: Runs[] = [];
  const interruptions: Interruption[] = [];
  for (let number = 1; number <= repeats; number++) {
    const { rollouts, interruption } = await evaluator.evaluate(candidate, examples, {
      iteration: 0,
      phase: 'testset',
      ...context,
      // Each repeat makes its own rollouts.
      repeat: number === 1 ? undefined : `repeat ${number}`,
    });
    runs.push(await completed(evaluator, rollouts));
    if (interruption !== undefined) interruptions.push(interruption);
    if (endsEvaluation(interruption)) break;
  }
  return { runs, interruptions };
}

/** A single unavailable call does not end an evaluation; its example has no score. */
const endsEvaluation = (interruption: Interruption | undefined): boolean =>
  interruption !== undefined && interruption.reason !== 'unavailable';

function reasonOf(interruption: Interruption | undefined, endedBy: StopReason | undefined) {
  if (interruption === undefined) return undefined;
  return interruption.reason === 'aborted' ? (endedBy ?? interruption.reason) : interruption.reason;
}

/** The rollouts with all details; some are read from disk. */
async function completed<Name extends string>(
  evaluator: Evaluator<Name>,
  rollouts: readonly (Scored | undefined)[],
): Promise<Runs> {
  const details = await evaluator.known.complete(rollouts.flatMap((rollout) => rollout ?? []));
  const next = details.values();
  return rollouts.map((rollout) => rollout && next.next().value);
}
