import { GepaError, type Metric, type MetricArgs, type MetricScore, type ProgramExample } from 'gepa-core';
import { raceSignal } from 'gepa-core/adapter';
import { meterMetric } from '../metered/metered-metric.ts';
import { isNode, type Node, typeName } from '../program/node.ts';

/** The arguments that LangSmith and openevals pass to an evaluator. */
export interface EvaluatorArgs {
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly referenceOutputs: unknown;
  /** The run and the example in LangSmith's format, with the fields that exist without LangSmith. */
  readonly run: Node;
  readonly example: Node;
}

/**
 * An evaluator of LangSmith or openevals: a function of `{ inputs, outputs, referenceOutputs, run, example }` or of
 * `(run, example)`, or an object with `evaluateRun`. It returns one or several results `{ key, score, comment }`, or a
 * number or boolean.
 */
export type Evaluator =
  | ((args: never, example?: never) => unknown)
  | { evaluateRun(run: never, example?: never): unknown };

export interface EvaluatorOptions {
  /** The weight of each key in the score, at least 0. Default: 1 each. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Selects the part of the output that evaluators see. Default: all of it. */
  readonly outputs?: (output: never) => unknown;
}

interface Result {
  readonly key: string;
  readonly score: number;
  readonly comment: string | undefined;
}

/**
 * Converts evaluators of LangSmith or openevals to a metric. `comment` becomes feedback, and `true` scores 1. Several
 * keys become objectives, and the score is their weighted mean. The cost of judges counts if they use LangChain models
 * or a client wrapped in `metered`.
 * @throws {GepaError} when there is no evaluator, or a weight is negative or not a number.
 */
export function fromEvaluators(
  evaluators: Evaluator | readonly Evaluator[],
  options: EvaluatorOptions = {},
): Metric<ProgramExample, unknown> {
  const all: readonly Evaluator[] = Array.isArray(evaluators) ? evaluators : [evaluators];
  if (all.length === 0) throw new GepaError('fromEvaluators needs at least one evaluator.');
  const wrong = all.findIndex(
    (evaluator) => typeof evaluator !== 'function' && typeof evaluator?.evaluateRun !== 'function',
  );
  if (wrong !== -1) {
    throw new GepaError(
      `Evaluator ${wrong + 1} of fromEvaluators must be a function or an object with evaluateRun(), but it is ${typeName(all[wrong])}.`,
    );
  }
  checkWeights(options.weights ?? {});
  return meterMetric(async (args) => {
    const evaluatorArgs = toEvaluatorArgs(args, options);
    const results = await raceSignal(args.signal, () =>
      Promise.all(all.map((evaluator, i) => evaluate(evaluator, i, evaluatorArgs))),
    );
    return combine(results.flat(), options.weights ?? {});
  });
}

function checkWeights(weights: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(weights).find(([, weight]) => !(weight >= 0 && weight < Infinity));
  if (wrong === undefined) return;
  throw new GepaError(
    `The weight of "${wrong[0]}" must be a finite number of at least 0, but it is ${String(wrong[1])}.`,
  );
}

function toEvaluatorArgs(
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
    .map((candidate) => (typeof candidate === 'boolean' ? Number(candidate) : candidate))
    .find(Number.isFinite);
  const resultKey = typeof key === 'string' ? key : name;
  if (typeof number !== 'number') {
    throw new GepaError(
      `The evaluator "${resultKey}" returned ${JSON.stringify(score ?? value) ?? 'nothing'} as its score. A score must be a number or a boolean.`,
    );
  }
  return { key: resultKey, score: number, comment: typeof comment === 'string' ? comment : undefined };
}

function combine(results: readonly Result[], weights: Readonly<Record<string, number>>): MetricScore {
  if (results.length === 0)
    throw new GepaError('The evaluators returned no results. Each must return at least one score.');
  const names = [...new Set(results.map((result) => result.key))];
  const objectives = Object.fromEntries(
    names.map((key) => {
      const scores = results.filter((result) => result.key === key).map(({ score }) => score);
      return [key, scores.reduce((sum, score) => sum + score, 0) / scores.length];
    }),
  );
  const keys = Object.keys(objectives);
  const total = keys.reduce((sum, key) => sum + (weights[key] ?? 1), 0);
  if (total === 0) {
    throw new GepaError(
      `All results of the evaluators (${keys.join(', ')}) have the weight 0. Set the weight of at least one above 0.`,
    );
  }
  const score = keys.reduce((sum, key) => sum + objectives[key]! * (weights[key] ?? 1), 0) / total;
  const comments = results.flatMap(({ key, comment }) =>
    comment === undefined ? [] : [keys.length === 1 ? comment : `${key}:\n${comment}`],
  );
  return {
    score,
    feedback: comments.length === 0 ? undefined : comments.join('\n'),
    objectives: keys.length === 1 ? undefined : objectives,
  };
}
