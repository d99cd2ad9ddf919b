import { Agent } from '@mastra/core/agent';
import { MastraScorer } from '@mastra/core/evals';
import type { MastraModelConfig } from '@mastra/core/llm';
import { RequestContext } from '@mastra/core/request-context';
import { type Usage, usageOfSteps } from 'gepa-core';
import { type AroundCall, wrapModel } from './program/models.ts';
import { recordedCall } from './trace/recorded-call.ts';
import { Recorder } from './trace/recorder.ts';

/** A scorer whose judges' calls are counted, and what they took so far. */
export interface CountedScorer<Scorer> {
  readonly scorer: Scorer;
  usage(): Usage;
}

/**
 * Counts the calls of a scorer's judges where they are made: Mastra tells of them only from 1.54 on, and then not of those
 * that failed. The scorer itself stays as it is.
 */
export function countedScorer<Scorer extends object>(scorer: Scorer): CountedScorer<Scorer> {
  const recorder = new Recorder();
  const usage = () => usageOfSteps(recorder.steps);
  const copy = copyOf(scorer);
  if (copy === undefined) return { scorer, usage };
  const around: AroundCall = (modelId, options, call) => recordedCall(recorder, { modelId }, options, call);
  const prompts = [...copy.originalPromptObjects].map(
    ([step, prompt]) => [step, withJudge(prompt, around)] as const,
  );
  Object.assign(copy, { config: withJudge(copy.config, around), originalPromptObjects: new Map(prompts) });
  return { scorer: copy as unknown as Scorer, usage };
}

interface WithJudge {
  readonly judge?: { readonly model?: MastraModelConfig };
}

/** A scorer of Mastra, as it looks inside. */
interface Inside {
  readonly config: WithJudge;
  readonly steps: readonly unknown[];
  readonly originalPromptObjects: ReadonlyMap<string, WithJudge>;
}

/** A new scorer with all that the given one knows, also of its Mastra instance: what adding a step to it makes. */
function copyOf(scorer: object): Inside | undefined {
  const isPlain = Object.getPrototypeOf(scorer) === MastraScorer.prototype;
  if (!isPlain) return undefined;
  const { steps } = scorer as Inside;
  const copy: object = (scorer as MastraScorer).generateReason(() => '');
  return Object.assign(copy as Inside, { steps });
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
