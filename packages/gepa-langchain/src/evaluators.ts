import { GepaError, type Metric, type MetricArgs, type MetricScore, type ProgramExample } from 'gepa-core';
import { raceSignal } from 'gepa-core/adapter';
import { countUsage } from './metric-usage.ts';
import { isNode, type Node, typeName } from './program/node.ts';

/** What LangSmith and openevals hand to an evaluator. */
export interface EvaluatorArgs {
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly referenceOutputs: unknown;
  /** The run and the example as LangSmith has them, as far as they are known here. */
  readonly run: Node;
  readonly example: Node;
}

/**
 * An evaluator of LangSmith or openevals: a function of `{ inputs, outputs, referenceOutputs, run, example }` or of
 * `(run, example)`, or an object with `evaluateRun`. It answers with a result `{ key, score, comment }`, several of
 * them, or a bare number or boolean.
 */
export type Evaluator =
  | ((args: never, example?: never) => unknown)
  | { evaluateRun(run: never, example?: never): unknown };

export interface EvaluatorOptions {
  /** How much each key counts in the score, from 0. Default: 1 each. */
  readonly weights?: Readonly<Record<string, number>>;
  /** What of the output the evaluators see. Default: all of it. */
  readonly outputs?: (output: never) => unknown;
}

interface Result {
  readonly key: string;
  readonly score: number;
  readonly comment: string | undefined;
}

/**
 * Makes a metric of evaluators of LangSmith or openevals, as they are. `comment` becomes feedback, `true` counts as 1;
 * several keys become objectives, and their mean is the score. What judges cost is counted where they are
 * made of LangChain models or of a client that is `metered`.
 * @throws {GepaError} when there is no evaluator, or a weight is no number from 0.
 */
export function fromEvaluators(
  evaluators: Evaluator | readonly Evaluator[],
  options: EvaluatorOptions = {},
): Metric<ProgramExample, unknown> {
  const all: readonly Evaluator[] = Array.isArray(evaluators) ? evaluators : [evaluators];
  if (all.length === 0) throw new GepaError('fromEvaluators needs at least one evaluator.');
  const wrong = all.findIndex((one) => typeof one !== 'function' && typeof one?.evaluateRun !== 'function');
  if (wrong !== -1) {
    throw new GepaError(
      `Evaluator ${wrong + 1} of fromEvaluators must be a function or an object with evaluateRun(), but it is ${typeName(all[wrong])}.`,
    );
  }
  checkWeights(options.weights ?? {});
  return countUsage(async (args) => {
    const given = evaluatorArgs(args, options);
    const results = await raceSignal(args.signal, () =>
      Promise.all(all.map((evaluator, i) => evaluate(evaluator, i, given))),
    );
    return combine(results.flat(), options.weights ?? {});
  });
}

function checkWeights(weights: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(weights).find(([, weight]) => !(weight >= 0 && weight < Infinity));
  if (wrong === undefined) return;
  throw new GepaError(`The weight of "${wrong[0]}" must be a number from 0, but it is ${String(wrong[1])}.`);
}

function evaluatorArgs(
  { example, output }: MetricArgs<ProgramExample, unknown>,
  { outputs: select }: EvaluatorOptions,
): EvaluatorArgs {
  const outputs = select === undefined ? output : (select as (output: unknown) => unknown)(output);
  const { id = '', input: inputs, expected: referenceOutputs, metadata = {} } = example;
  return {
    inputs,
    outputs,
    referenceOutputs,
    run: { id, name: 'program', run_type: 'chain', inputs, outputs },
    example: { id, inputs, outputs: referenceOutputs, metadata },
  };
}

async function evaluate(evaluator: Evaluator, index: number, args: EvaluatorArgs): Promise<Result[]> {
  const name = (typeof evaluator === 'function' && evaluator.name) || `evaluator ${index + 1}`;
  const answer =
    typeof evaluator !== 'function'
      ? await evaluator.evaluateRun(args.run as never, args.example as never)
      : evaluator.length >= 2
        ? await evaluator(args.run as never, args.example as never)
        : await evaluator(args as never);
  const results = isNode(answer) && Array.isArray(answer.results) ? answer.results : [answer].flat();
  return results.map((result: unknown) => readResult(result, name));
}

function readResult(result: unknown, name: string): Result {
  const { key, score, value, comment } = isNode(result) ? result : { score: result };
  const number = [score, value]
    .map((it) => (typeof it === 'boolean' ? Number(it) : it))
    .find(Number.isFinite);
  const called = typeof key === 'string' ? key : name;
  if (typeof number !== 'number') {
    throw new GepaError(
      `The evaluator "${called}" gave no score, but ${JSON.stringify(score ?? value) ?? 'nothing'}. A score is a number or a boolean.`,
    );
  }
  return { key: called, score: number, comment: typeof comment === 'string' ? comment : undefined };
}

function combine(results: readonly Result[], weights: Readonly<Record<string, number>>): MetricScore {
  if (results.length === 0) throw new GepaError('The evaluators gave no result.');
  const objectives: Record<string, number> = {};
  for (const key of new Set(results.map((result) => result.key))) {
    const scores = results.filter((result) => result.key === key).map(({ score }) => score);
    objectives[key] = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  }
  const keys = Object.keys(objectives);
  const total = keys.reduce((sum, key) => sum + (weights[key] ?? 1), 0);
  if (total === 0) {
    throw new GepaError(
      `The evaluators' results (${keys.join(', ')}) all have the weight 0, which makes no score. Give one of them more.`,
    );
  }
  const score = keys.reduce((sum, key) => sum + objectives[key]! * (weights[key] ?? 1), 0) / total;
  const comments = results.flatMap(({ key, comment }) =>
    comment === undefined ? [] : [keys.length === 1 ? comment : `${key}:\n${comment}`],
  );
  return {
    score,
    ...(comments.length === 0 ? {} : { feedback: comments.join('\n') }),
    ...(keys.length === 1 ? {} : { objectives }),
  };
}
