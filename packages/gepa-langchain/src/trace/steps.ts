import type { Run } from '@langchain/core/tracers/base';
import type { Step, StepKind } from 'gepa-core';
import type { Node } from '../program/node.ts';
import { attribute, type ComponentText, walkRuns } from './attribution.ts';
import { callContext, parserAfter } from './call-context.ts';
import { readModelCall, sentMessages } from './model-call.ts';
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
export function toSteps(roots: readonly Run[], texts: readonly ComponentText[] = []): Step[] {
  const componentsOf = attribute(roots, texts);
  const graphNodes = new Set([...walkRuns(roots)].map(graphNodeOf));
  const toStep = (run: Run, next: Run | undefined, parser: Node | undefined): Step[] => {
    const kind = makesMessagesOf(run, next) ? 'prompt' : (kinds[run.run_type] ?? 'other');
    const components = componentsOf(run);
    // Retries and fallbacks of a model are a run around its runs.
    const isModel = run.child_runs.every(({ run_type: type }) => type === 'llm');
    const children = run.child_runs.flatMap((child, i) =>
      toStep(child, run.child_runs[i + 1], parserAfter(run, child) ?? (isModel ? parser : undefined)),
    );
    const step: Step = {
      kind,
      name: run.name,
      ...(components.length === 0 ? {} : { components }),
      ...(kind === 'model'
        ? { ...readModelCall(run), ...callContext(run, parser) }
        : { input: inputOf(run), ...outputOf(run) }),
      ...(run.error === undefined ? {} : { error: run.error }),
      ...(run.end_time === undefined ? {} : { durationMs: run.end_time - run.start_time }),
      ...(children.length === 0 ? {} : { children }),
    };
    return run.parent_run_id !== undefined && isRouting(step, run, graphNodes) ? [] : [step];
  };
  return roots.flatMap((run) => toStep(run, undefined, undefined));
}

/** Whether a function made the messages that the next step sends to a model, as the `prompt` of an agent does. */
function makesMessagesOf(run: Run, next: Run | undefined): boolean {
  if (run.run_type !== 'chain' || run.child_runs.length > 0 || next?.run_type !== 'llm') return false;
  const made = unwrap(run.outputs ?? {}, 'output');
  const sent = sentMessages(next);
  return (
    Array.isArray(made) &&
    made.length > 0 &&
    made.length === sent.length &&
    made.every((one, i) => one === sent[i])
  );
}

/**
 * A step that LangGraph hides, a condition's step, whose output is the next node, or a state write as older versions of
 * LangGraph trace it.
 */
function isRouting({ name, output, children }: Step, run: Run, graphNodes: ReadonlySet<unknown>): boolean {
  if (children !== undefined || run.error !== undefined) return false;
  if (run.tags?.includes('langsmith:hidden') || name.startsWith('ChannelWrite<')) return true;
  const isCondition = run.run_type === 'chain' && graphNodeOf(run) !== undefined;
  const isTarget = (target: unknown) =>
    typeof target === 'string' &&
    (/^(__end__|\[goes on to .*\])$/.test(target) || (isCondition && graphNodes.has(target)));
  const targets = Array.isArray(output) ? output : [output];
  return targets.length > 0 && targets.every(isTarget);
}

/** The node of a graph that a run belongs to. */
function graphNodeOf(run: Run): unknown {
  return run.extra?.metadata?.langgraph_node;
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
