import { Agent } from '@mastra/core/agent';
import { MastraScorer, type ScorerRunResult } from '@mastra/core/evals';
import type { MastraModelConfig } from '@mastra/core/llm';
import { RequestContext } from '@mastra/core/request-context';
import type { CallMeter, Usage } from 'gepa-core';
import { usageOfSteps } from 'gepa-core/adapter';
import { knownRefusal } from '../program/unusable-model.ts';
import { type AroundCall, wrapModel } from '../program/wrap-models.ts';
import { recordedCall } from '../trace/record-model-call.ts';
import { Recorder } from '../trace/recorder.ts';

/** A scorer of Mastra: of `createScorer`, or a prebuilt one. */
export interface Scorer {
  readonly id: string;
  run(input: never): Promise<ScorerRunResult>;
}

/**
 * Runs a scorer, and counts the calls of its judges where they are made: not every version of Mastra tells of them, or of
 * what was thrown inside. The scorer itself stays as it is.
 */
export async function runScorer(
  scorer: Scorer,
  input: object,
  meter?: CallMeter,
): Promise<{ readonly result: ScorerRunResult; readonly usage: Usage }> {
  const recorder = new Recorder(meter);
  try {
    const result = await watched(scorer, recorder).run(input as never);
    return { result, usage: usageOfSteps(recorder.steps) };
  } catch (error) {
    throw knownRefusal(recorder.lastError ?? error);
  }
}

interface WithJudge {
  readonly judge?: { readonly model?: MastraModelConfig };
}

/** A scorer of Mastra, as it looks inside. */
interface Inside {
  readonly config: WithJudge;
  readonly steps: readonly { readonly name: string; readonly definition: unknown }[];
  readonly originalPromptObjects: ReadonlyMap<string, WithJudge>;
}

/** A scorer that does the same, and is recorded. One of a class of the user's is left as it is. */
function watched(scorer: Scorer, recorder: Recorder): Scorer {
  if (Object.getPrototypeOf(scorer) !== MastraScorer.prototype) return scorer;
  const { config, steps, originalPromptObjects } = scorer as unknown as Inside;
  const around: AroundCall = (modelId, options, call) => recordedCall(recorder, { modelId }, options, call);
  // Adding a step makes a new scorer, with all that the given one knows, also of its Mastra instance.
  const copy = (scorer as unknown as MastraScorer).generateReason(() => '');
  const inside: Inside = {
    config: withJudge(config, around),
    steps: steps.map((step) => recorded(step, recorder)),
    originalPromptObjects: new Map(
      [...originalPromptObjects].map(([step, prompt]) => [step, withJudge(prompt, around)]),
    ),
  };
  return Object.assign(copy as unknown as Scorer, inside);
}

function recorded(step: Inside['steps'][number], recorder: Recorder): Inside['steps'][number] {
  const { name, definition } = step;
  if (typeof definition !== 'function') return step;
  return {
    ...step,
    definition: (context: unknown) => recorder.around({ kind: 'chain', name }, () => definition(context)),
  };
}

function withJudge<Thing extends WithJudge>(thing: Thing, around: AroundCall): Thing {
  const { judge } = thing;
  if (judge?.model === undefined) return thing;
  const original = judge.model;
  const model = async ({ requestContext = new RequestContext(), mastra }: ModelArgs) => {
    const agent = new Agent({
      id: 'judge',
      name: 'judge',
      instructions: '',
      model: original,
      ...(mastra === undefined ? {} : { mastra }),
    });
    return wrapModel(await agent.getModel({ requestContext }), around);
  };
  return { ...thing, judge: { ...judge, model } };
}

type ModelArgs = Partial<Parameters<Extract<Agent['model'], (...args: never) => unknown>>[0]>;
