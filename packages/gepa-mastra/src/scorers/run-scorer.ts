import { Agent } from '@mastra/core/agent';
import { MastraScorer, type ScorerRunResult } from '@mastra/core/evals';
import type { MastraModelConfig } from '@mastra/core/llm';
import type { Mastra } from '@mastra/core/mastra';
import { RequestContext } from '@mastra/core/request-context';
import type { CallMeter, Usage } from 'gepa-core';
import { usageOfSteps } from 'gepa-core/adapter';
import { calledName } from '../program/model-names.ts';
import { classifyModelError } from '../program/unusable-model.ts';
import { type CallWrapper, wrapModel } from '../program/wrap-models.ts';
import { withTaggedTraces } from '../trace/observability.ts';
import { recordModelCall } from '../trace/record-model-call.ts';
import { Recorder } from '../trace/recorder.ts';

/** A Mastra scorer: from `createScorer`, or a prebuilt one. */
export interface Scorer {
  readonly id: string;
  run(input: never): Promise<ScorerRunResult>;
}

/**
 * Runs a scorer and counts the model calls of its judges. The calls are recorded at the models, because some versions of
 * Mastra report neither their usage nor the original errors. The scorer itself is not changed.
 *
 * @param mastra the instance of the program. If the scorer is registered there, its traces have the tag `gepa`.
 */
export async function runScorer(
  scorer: Scorer,
  input: object,
  meter?: CallMeter,
  mastra?: Mastra,
): Promise<{ readonly result: ScorerRunResult; readonly usage: Usage }> {
  const recorder = new Recorder(meter);
  const recorded = recordedScorer(scorer, recorder);
  if (mastra !== undefined && recorded !== scorer && isRegistered(scorer, mastra)) {
    (recorded as unknown as Partial<MastraScorer>).__registerMastra?.(withTaggedTraces(mastra));
  }
  try {
    const result = await recorded.run(input as never);
    return { result, usage: usageOfSteps(recorder.steps) };
  } catch (error) {
    throw classifyModelError(recorder.lastError ?? error);
  }
}

/** Older versions of Mastra register no scorers. */
function isRegistered(scorer: Scorer, mastra: Partial<Mastra>): boolean {
  return Object.values<unknown>(mastra.listScorers?.() ?? {}).includes(scorer);
}

interface WithJudge {
  readonly judge?: { readonly model?: MastraModelConfig };
}

/** The private fields of a Mastra scorer. */
interface ScorerFields {
  readonly config: WithJudge;
  readonly steps: readonly { readonly name: string; readonly definition: unknown }[];
  readonly originalPromptObjects: ReadonlyMap<string, WithJudge>;
}

/** A copy of a scorer that records its steps and model calls. A scorer of the user's own class is returned as it is. */
export function recordedScorer(scorer: Scorer, recorder: Recorder): Scorer {
  if (Object.getPrototypeOf(scorer) !== MastraScorer.prototype) return scorer;
  const { config, steps, originalPromptObjects } = scorer as unknown as ScorerFields;
  const wrapper: CallWrapper = (model, options, call) =>
    recordModelCall(recorder, { modelId: calledName(model) }, options, call);
  const judge: JudgeWrapper = (model) => wrapModel(model, wrapper, recorder);
  // Adding a step returns a complete copy of the scorer, with its Mastra instance; the steps are then replaced.
  const copy = (scorer as unknown as MastraScorer).generateReason(() => '');
  const fields: ScorerFields = {
    config: withRecordedJudge(config, judge),
    steps: steps.map((step) => recordedStep(step, recorder)),
    originalPromptObjects: new Map(
      [...originalPromptObjects].map(([step, prompt]) => [step, withRecordedJudge(prompt, judge)]),
    ),
  };
  return Object.assign(copy as unknown as Scorer, fields);
}

function recordedStep(
  step: ScorerFields['steps'][number],
  recorder: Recorder,
): ScorerFields['steps'][number] {
  const { name, definition } = step;
  if (typeof definition !== 'function') return step;
  return {
    ...step,
    definition: (context: unknown) => recorder.record({ kind: 'chain', name }, () => definition(context)),
  };
}

type JudgeWrapper = <Model extends object>(model: Model) => Model;

function withRecordedJudge<Config extends WithJudge>(config: Config, wrap: JudgeWrapper): Config {
  const { judge } = config;
  if (judge?.model === undefined) return config;
  const original = judge.model;
  const model = async ({ requestContext = new RequestContext(), mastra }: ModelArgs) => {
    const agent = new Agent({
      id: 'judge',
      name: 'judge',
      instructions: '',
      model: original,
      mastra,
    });
    return wrap(await agent.getModel({ requestContext }));
  };
  return { ...config, judge: { ...judge, model } };
}

/** The arguments of a dynamic model. */
type ModelArgs = Partial<Parameters<Extract<Agent['model'], (...args: never) => unknown>>[0]>;
