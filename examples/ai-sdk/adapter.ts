import {
  type Adapter,
  type Candidate,
  type Component,
  type ProgramExample,
  RolloutError,
  type RunContext,
} from 'gepa-core';
import { packageVersions, raceSignal, secretsIn, usageOfSteps } from 'gepa-core/adapter';
import { copyWith, type Flow, isAgent, type Program, settingsOf } from './texts.ts';
import { observed, Recorder } from './trace.ts';

/** Runs an agent or a function with candidates. Every rollout has a copy; the program itself never changes. */
export function createAdapter<Input, Output>(
  program: Program,
  components: Readonly<Record<string, Component>>,
): Adapter<ProgramExample<Input>, Output> {
  const model = isAgent(program) ? observed(settingsOf(program).model) : undefined;

  async function run(candidate: Candidate, { input }: ProgramExample<Input>, context: RunContext) {
    const { signal, meter } = context;
    const recorder = new Recorder(candidate, meter);
    const recorded = () => ({ trace: recorder.steps, usage: usageOfSteps(recorder.steps) });
    try {
      // The engine retries: with its own pauses, within the budget.
      const copy = copyWith(program, candidate, model && { model, maxRetries: 0 });
      const output = await raceSignal(signal, () => recorder.run(() => call(copy, input, signal)));
      return { output: output as Output, ...recorded() };
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new RolloutError(message, { cause, ...recorded() });
    }
  }

  return {
    components,
    models: model && [model.modelId],
    versions: packageVersions(['gepa-ai-sdk', 'ai'], import.meta.filename),
    source: isAgent(program) ? JSON.stringify(Object.keys(program.tools ?? {})) : String(program),
    secrets: secretsIn(isAgent(program) ? settingsOf(program) : {}),
    metersCalls: true,
    run,
  };
}

async function call(program: Program, input: unknown, abortSignal: AbortSignal): Promise<unknown> {
  if (!isAgent(program)) return (program as Flow)(input as never, { abortSignal });
  const { output } = await program.generate({ prompt: input, abortSignal } as never);
  return output;
}
