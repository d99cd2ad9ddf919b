import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import {
  LanguageDetector,
  ModerationProcessor,
  PIIDetector,
  PromptInjectionDetector,
  SystemPromptScrubber,
} from '@mastra/core/processors';
import { type AnyWorkflow, createStep } from '@mastra/core/workflows';
import { copyOfWorkflow } from '../program/copy-of-workflow.ts';
import { copyWith } from '../program/copy-with.ts';
import type { Derivation, PrepareStep } from '../program/derivation.ts';
import { isAgent, isWorkflow } from '../program/program.ts';
import { innerEntries, mapEntries, type SingleEntry } from '../program/step-entries.ts';
import { withFreshState } from './fresh-state.ts';

/** The processors of Mastra that call a model through an agent of their own. */
const modelProcessors: ReadonlySet<object> = new Set(
  [LanguageDetector, ModerationProcessor, PIIDetector, PromptInjectionDetector, SystemPromptScrubber].map(
    ({ prototype }) => prototype,
  ),
);

/** The internal method of an agent that prepares its processors for a call. */
interface ProcessorMethods {
  combineProcessorsIntoWorkflow?(processors: readonly object[], id: string): unknown;
}

/** Whether a processor is one of Mastra's own that call a model. A class that extends one is the user's. */
export function isModelProcessor(processor: object): boolean {
  return modelProcessors.has(Object.getPrototypeOf(processor));
}

/** The processor itself. For a workflow of processors: Mastra's processors that it runs, including subclasses. */
export function processorsIn(processor: object): object[] {
  if (!isWorkflow(processor)) return [processor];
  return processor.stepGraph
    .flatMap((entry) => innerEntries(entry) ?? [entry as SingleEntry])
    .flatMap((entry) => {
      if (entry.type !== 'step') return [];
      return isWorkflow(entry.step) ? processorsIn(entry.step) : (captureProcessor(entry.step) ?? []);
    });
}

/** How the processors of one agent run in a rollout. */
interface ProcessorChanges {
  readonly derivation: Derivation;
  /** Wraps the models that a processor selects for a step. */
  readonly wrapSelected: (select: PrepareStep) => PrepareStep;
}

/**
 * Records the model calls of an agent's processors, and of the models that they select. Agents of the user's own classes are
 * not changed: see `processorAgents`.
 */
export function recordProcessors(agent: Agent, changes: ProcessorChanges): void {
  const methods = agent as unknown as ProcessorMethods;
  const combine = methods.combineProcessorsIntoWorkflow?.bind(agent);
  if (combine === undefined) return;
  // One copy for all calls of the agent in the rollout, because a copy may keep what it has loaded.
  const copies = new Map<object, object>();
  const copyOf = (processor: object) => {
    const copy = copies.get(processor) ?? changedProcessor(recordedProcessor(changes, processor), changes);
    copies.set(processor, copy);
    return copy;
  };
  methods.combineProcessorsIntoWorkflow = (processors, id) => combine(processors.map(copyOf), id);
}

function changedProcessor(processor: object, { wrapSelected }: ProcessorChanges): object {
  if (!('processInputStep' in processor)) return processor;
  return new Proxy(processor, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // Private fields of the processor are not accessible through the proxy.
      const method = value.bind(target) as PrepareStep;
      return key === 'processInputStep' ? wrapSelected(method) : method;
    },
  });
}

function recordedProcessor(changes: ProcessorChanges, processor: object): object {
  if (isWorkflow(processor)) return recordedWorkflow(changes, processor);
  if (!isModelProcessor(processor)) return withFreshState(processor);
  const agents = Object.entries(processor).filter(([, value]) => isAgent(value));
  return copyWith(
    processor,
    Object.fromEntries(agents.map(([key, agent]: [string, Agent]) => [key, changes.derivation.agent(agent)])),
  );
}

/** A copy of a workflow of processors. Its steps have their processors in a closure. */
function recordedWorkflow(changes: ProcessorChanges, workflow: AnyWorkflow): AnyWorkflow {
  const copy = copyOfWorkflow(workflow, () => false);
  const change = (entry: SingleEntry): SingleEntry => {
    if (entry.type !== 'step') return entry;
    const { step } = entry;
    if (isWorkflow(step)) return { ...entry, step: recordedWorkflow(changes, step) as never };
    const processor = captureProcessor(step);
    if (processor === undefined) return entry;
    return { ...entry, step: createStep(recordedProcessor(changes, processor) as never) as never };
  };
  copy.setStepFlow(workflow.stepGraph.map((entry) => mapEntries(entry, change)));
  Object.assign(copy.steps, workflow.steps);
  copy.commit();
  copy.__setLogger(noopLogger);
  const { __executeOutputStream, ...flags } = Object.fromEntries(
    Object.entries(workflow).filter(([name]) => name.startsWith('__') || name === 'type'),
  );
  return Object.assign(copy, flags);
}

const captured = new WeakMap<object, object | undefined>();

/**
 * The processor of Mastra that a step runs. The step is executed: it first reads the methods of its processor, which is
 * recorded here, and the step ends before it calls one of them.
 */
function captureProcessor(step: object): object | undefined {
  const { execute } = step as { execute(context: object): unknown };
  if (captured.has(step)) return captured.get(step);
  captured.set(step, undefined);
  const methods = ['processInput', 'processOutputResult'];
  const undos = [...modelProcessors].flatMap((prototype) =>
    methods.map((method) => {
      const own = Object.getOwnPropertyDescriptor(prototype, method);
      const get = function (this: object) {
        captured.set(step, this);
      };
      Object.defineProperty(prototype, method, { configurable: true, get });
      return () => {
        if (own === undefined) Reflect.deleteProperty(prototype, method);
        else Object.defineProperty(prototype, method, own);
      };
    }),
  );
  const tracingContext = {
    get currentSpan(): never {
      throw new Error('The processor was captured.');
    },
  };
  try {
    for (const phase of ['input', 'outputResult']) {
      Promise.resolve(execute.call(step, { inputData: { phase }, tracingContext })).catch(() => {});
    }
  } catch {
    // The step does not run a processor.
  } finally {
    for (const undo of undos) undo();
  }
  return captured.get(step);
}
