import type { Run } from '@langchain/core/tracers/base';
import type { Step, StepKind } from 'gepa-core';
import { attribute, type UntracedText } from './attribution.ts';
import { callContext } from './call-context.ts';
import { readModelCall } from './model-call.ts';
import { isPromptValue, toPlain } from './plain.ts';

const kinds: Readonly<Record<string, StepKind>> = {
  chain: 'chain',
  prompt: 'prompt',
  llm: 'model',
  chat_model: 'model',
  tool: 'tool',
  retriever: 'retriever',
};

/** Converts LangChain's runs into a framework-neutral trace of plain data. Steps that only route a graph are left out. */
export function toSteps(roots: readonly Run[], untraced: readonly UntracedText[] = []): Step[] {
  const componentsOf = attribute(roots, untraced);
  const toStep = (run: Run): Step[] => {
    const kind = kinds[run.run_type] ?? 'other';
    const components = componentsOf(run);
    const children = run.child_runs.flatMap(toStep);
    const step: Step = {
      kind,
      name: run.name,
      ...(components.length === 0 ? {} : { components }),
      ...(kind === 'model'
        ? { ...readModelCall(run), ...callContext(run) }
        : { input: inputOf(run), ...outputOf(run) }),
      ...(run.error === undefined ? {} : { error: run.error }),
      ...(run.end_time === undefined ? {} : { durationMs: run.end_time - run.start_time }),
      ...(children.length === 0 ? {} : { children }),
    };
    return run.parent_run_id !== undefined && isRouting(step) ? [] : [step];
  };
  return roots.flatMap(toStep);
}

/** A condition's step, whose output is the next node, or a state write as older versions of LangGraph trace it. */
function isRouting({ name, output, children }: Step): boolean {
  const targets = Array.isArray(output) ? output : [output];
  const isTarget = (target: unknown) =>
    typeof target === 'string' && /^(__end__|\[goes on to .*\])$/.test(target);
  return (
    children === undefined &&
    (name.startsWith('ChannelWrite<') || (targets.length > 0 && targets.every(isTarget)))
  );
}

function inputOf(run: Run): unknown {
  return toPlain(unwrap(run.inputs, 'input'));
}

function outputOf(run: Run): { output?: unknown } {
  if (run.outputs === undefined) return {};
  if (run.run_type === 'retriever') return { output: toPlain(run.outputs.documents) };
  return { output: toPlain(isPromptValue(run.outputs) ? run.outputs : unwrap(run.outputs, 'output')) };
}

/** LangChain wraps values that are not objects in an object with one key. */
function unwrap(value: Readonly<Record<string, unknown>>, key: string): unknown {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === key ? value[key] : value;
}
