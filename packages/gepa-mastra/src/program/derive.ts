import type { Agent } from '@mastra/core/agent';
import { noopLogger } from '@mastra/core/logger';
import { type AnyWorkflow, createStep, createWorkflow } from '@mastra/core/workflows';
import { type Candidate, withTexts } from 'gepa-core';
import { toPlain } from '../trace/plain.ts';
import { recordedCall } from '../trace/recorded-call.ts';
import type { Recorder } from '../trace/recorder.ts';
import { whenKnown, withText } from './instructions.ts';
import { isAgent, isWorkflow, type Program } from './kinds.ts';
import { type AroundCall, wrapModels } from './models.ts';
import { copyOfAgent, withStandIn } from './older-mastra.ts';
import type { AgentPlan, Discovery } from './plan.ts';
import { agentOfStep, agentRef, mapInner, type SingleEntry } from './step-entries.ts';
import { forgetRun, type Streamed, waitsForPerson, watchSuspension } from './suspension.ts';
import { type Rewrite, type ToolPlan, withToolTexts } from './tool-texts.ts';

export interface DeriveOptions {
  readonly discovery: Pick<Discovery, 'agents' | 'components'>;
  /** By component name; a component left out keeps its text. */
  readonly texts: Candidate;
  /**
   * Makes a program for one rollout: what it does is recorded, and it has no memory, no live scorers and no log, so
   * that nothing of the rollout stays behind.
   */
  readonly recorder?: Recorder;
}

/**
 * A new program with other texts. The given one stays as it is, and so does everything it shares with the new one:
 * models, tools, processors. A text equal to the program's own changes nothing.
 */
export function derive<Source extends Program>(program: Source, options: DeriveOptions): Source {
  const derivation = new Derivation(options);
  const derived: unknown = isAgent(program)
    ? derivation.agent(program)
    : derivation.workflow(program as unknown as AnyWorkflow);
  return derived as Source;
}

class Derivation {
  readonly #options: DeriveOptions;
  readonly #made = new Map<object, object>();

  constructor(options: DeriveOptions) {
    this.#options = options;
  }

  agent(agent: Agent): Agent {
    return this.#once(
      agent,
      () => copyOfAgent(agent),
      (fork) => this.#change(agent, fork),
    );
  }

  workflow(workflow: AnyWorkflow): AnyWorkflow {
    return this.#once(
      workflow,
      () => copyOf(workflow, this.#options.recorder !== undefined),
      (copy) => {
        copy.setStepFlow(
          workflow.stepGraph.map((entry) => mapInner(entry, (step) => this.#step(step, workflow))),
        );
        Object.assign(copy.steps, workflow.steps);
        copy.commit();
        if (this.#options.recorder !== undefined) copy.__setLogger(noopLogger);
        this.#changeWorkflow(workflow, copy);
      },
    );
  }

  /** Registered before it is filled: agents may know each other. */
  #once<Thing extends object>(source: Thing, make: () => Thing, fill: (made: Thing) => void): Thing {
    const known = this.#made.get(source);
    if (known !== undefined) return known as Thing;
    const made = make();
    this.#made.set(source, made);
    fill(made);
    return made;
  }

  /** A component's text, where it is not the program's own. */
  #rewrite(component: string | undefined): Rewrite | undefined {
    const { texts, discovery } = this.#options;
    if (component === undefined) return undefined;
    const from = discovery.components[component]?.text ?? '';
    const to = texts[component];
    return to === undefined || to === from ? undefined : { from, to };
  }

  #planOf(agent: Agent): AgentPlan {
    const { agents } = this.#options.discovery;
    return agents.get(agent) ?? agents.get(agent.id) ?? { name: agent.id, tools: new Map() };
  }

  #change(agent: Agent, fork: Agent): void {
    const { recorder } = this.#options;
    const plan = this.#planOf(agent);
    const text = this.#rewrite(plan.instructions)?.to;
    const around = this.#aroundModel(plan);
    fork.__markStoredVersionApplied?.();
    fork.model = wrapModels(agent, agent.model, around);

    const changes: Partial<Agent> = {
      getInstructions: (args) =>
        whenKnown(agent.getInstructions(args), (own) => (text === undefined ? own : withText(own, text))),
      getDefaultOptions: (args) =>
        whenKnown(agent.getDefaultOptions(args), (options) => {
          const { memory, instructions, ...rest } = options;
          return {
            ...this.#withModels(agent, rest, around),
            ...(memory === undefined || recorder !== undefined ? {} : { memory }),
            ...(instructions === undefined
              ? {}
              : { instructions: text === undefined ? instructions : withText(instructions, text) }),
          } as typeof options;
        }),
      listAgents: (args) =>
        whenKnown(agent.listAgents(args), (agents) =>
          mapValues(agents, (subAgent) => (isAgent(subAgent) ? this.agent(subAgent) : subAgent)),
        ),
      listWorkflows: async (args) =>
        mapValues(await agent.listWorkflows(args), (workflow) => this.workflow(workflow)),
      listTools: async (args) => mapValues(await agent.listTools(args), (tool, key) => this.#tool(tool, key)),
      ...(recorder === undefined
        ? {}
        : {
            getMemory: async () => undefined,
            hasOwnMemory: () => false,
            listScorers: async () => ({}),
          }),
    };
    Object.assign(fork, changes, this.#entrances(agent, fork, plan, around));
    if (recorder !== undefined) {
      fork.__setLogger(noopLogger);
      // Their results would come when the rollout is over.
      (fork as Partial<Agent>).disableBackgroundTasks?.();
    }
  }

  /** Where runs of an agent begin: tunables have the candidate's texts inside, and the run is a step of the trace. */
  #entrances(agent: Agent, fork: Agent, plan: AgentPlan, around: AroundCall): Partial<Agent> {
    const { recorder, texts } = this.#options;
    const generate = fork.generate.bind(fork) as Entrance<Answer>;
    const stream = fork.stream.bind(fork) as Entrance<Streamed>;
    const inside =
      <Result>(call: Entrance<Result>, outputOf: (result: Result) => unknown): Entrance<Result> =>
      (messages, options) => {
        const run = () =>
          withTexts(texts, () => call(messages, this.#withModels(agent, options ?? {}, around)));
        return recorder === undefined
          ? run()
          : recorder.around({ kind: 'agent', name: plan.name, input: messages }, run, outputOf);
      };
    return {
      generate: this.#forgetting(fork, inside(generate, answerOf)),
      stream: this.#endingWhenSuspended(
        fork,
        inside(stream, () => undefined),
      ),
    } as unknown as Partial<Agent>;
  }

  /** In a rollout, a run that waits for a person leaves nothing behind that could go on. */
  #forgetting(agent: Agent, generate: Entrance<Answer>): Entrance<Answer> {
    const { recorder } = this.#options;
    if (recorder === undefined) return generate;
    return async (messages, options) => {
      const answer = await generate(messages, options);
      if (answer.finishReason !== 'suspended') return answer;
      recorder.waiting ??= waitsForPerson(`The agent ${agent.id}`, answer.suspendPayload?.toolName);
      await forgetRun(agent, answer.runId);
      return answer;
    };
  }

  /** The same for a stream; and a step of a workflow, which would wait for its end for ever, fails. */
  #endingWhenSuspended(agent: Agent, stream: Entrance<Streamed>): Entrance<Streamed> {
    const { recorder } = this.#options;
    if (recorder === undefined) return stream;
    return async (messages, options) => {
      const isDelegated = recorder.isInsideAgent;
      const streamed = await stream(messages, options);
      return watchSuspension(streamed, async (tool) => {
        recorder.waiting ??= waitsForPerson(`The agent ${agent.id}`, tool);
        await forgetRun(agent, streamed.runId);
        if (!isDelegated) throw recorder.waiting;
      });
    };
  }

  /** Options with something around the models they name: one in place of the agent's own, one that shapes the output. */
  #withModels<Options extends ModelOptions>(agent: Agent, options: Options, around: AroundCall): Options {
    const { model, structuredOutput } = options;
    const shaping = this.#aroundModel({ name: agent.id, tools: new Map() });
    return {
      ...options,
      ...(model === undefined ? {} : { model: wrapModels(agent, model, around) }),
      ...(structuredOutput?.model === undefined
        ? {}
        : {
            structuredOutput: {
              ...structuredOutput,
              model: wrapModels(agent, structuredOutput.model, shaping),
            },
          }),
    };
  }

  #aroundModel(plan: AgentPlan): AroundCall {
    const { recorder } = this.#options;
    const changed = (options: Parameters<AroundCall>[1]) =>
      withToolTexts(options, plan.tools, (component) => this.#rewrite(component));
    if (recorder === undefined) return (_, options, call) => call(changed(options));

    return (modelId, given, call) => {
      const options = changed(given);
      const offered = (options.tools ?? []).flatMap(({ name }) => componentsOf(plan.tools.get(name)));
      const components = [...(plan.instructions === undefined ? [] : [plan.instructions]), ...offered];
      return recordedCall(recorder, { modelId, components }, options, call);
    };
  }

  #tool<Tool>(tool: Tool, name: string): Tool {
    const { recorder } = this.#options;
    const { execute } = tool as { execute?: (input: unknown, ...rest: unknown[]) => unknown };
    if (recorder === undefined || typeof execute !== 'function') return tool;
    return copyWith(tool as object, {
      execute: (input: unknown, ...rest: unknown[]) =>
        recorder.around({ kind: 'tool', name, input }, () => execute.call(tool, input, ...rest)),
    }) as Tool;
  }

  #step(entry: SingleEntry, workflow: AnyWorkflow): SingleEntry {
    const { recorder } = this.#options;
    const agent = agentOfStep(entry, workflow);
    if (entry.type === 'agent' && isAgent(agent)) {
      return { ...entry, agent: this.agent(agent), options: this.#withoutScorers(entry.options) };
    }
    if (entry.type === 'tool' && entry.tool !== undefined) {
      return {
        ...entry,
        tool: this.#tool(entry.tool, entry.id),
        options: this.#withoutScorers(entry.options),
      };
    }
    if (entry.type !== 'step') return entry;
    const { step } = entry;
    if (isWorkflow(step)) return { ...entry, step: this.workflow(step) as unknown as typeof step };
    if (isAgent(agent) && agentRef(step) === undefined) {
      const { execute } = step;
      const standIn = this.agent(agent);
      const led: typeof step = copyWith(step, {
        ...(recorder === undefined ? {} : { scorers: undefined }),
        execute: (context: Parameters<typeof execute>[0]) =>
          withStandIn(agent, standIn, () => execute.call(step, context)),
      });
      return { ...entry, step: led };
    }
    if (isAgent(agent)) {
      const { __agentOptions: options } = step as { __agentOptions?: object };
      const made = createStep(this.agent(agent), this.#withoutScorers(options) as never);
      return { ...entry, step: { ...step, ...made, id: step.id } as typeof step };
    }
    if (recorder === undefined || agentRef(step) !== undefined) return entry;
    const { execute } = step;
    const recorded: typeof step = copyWith(step, {
      scorers: undefined,
      execute: (context: Parameters<typeof execute>[0]) =>
        recorder.around({ kind: 'chain', name: step.id, input: context.inputData }, () =>
          execute.call(step, context),
        ),
    });
    return { ...entry, step: recorded };
  }

  #withoutScorers(options: object | undefined): object | undefined {
    return this.#options.recorder === undefined || options === undefined
      ? options
      : { ...options, scorers: undefined };
  }

  #changeWorkflow(workflow: AnyWorkflow, copy: AnyWorkflow): void {
    const { texts, recorder } = this.#options;
    const execute = copy.execute.bind(copy) as (context: { inputData: unknown }) => Promise<unknown>;
    const createRun = copy.createRun.bind(copy);
    Object.assign(copy, {
      // As a step of another workflow, or as a tool.
      execute: (context: { inputData: unknown }) =>
        recorder === undefined
          ? execute(context)
          : recorder.around({ kind: 'chain', name: workflow.id, input: context.inputData }, () =>
              execute(context),
            ),
      createRun: async (...args: Parameters<typeof createRun>) => {
        const run = await createRun(...args);
        const start = run.start.bind(run) as (args: RunInput) => Promise<RunResult>;
        const stream = run.stream.bind(run) as (args: RunInput) => { readonly result: Promise<RunResult> };
        return Object.assign(run, {
          start: (startArgs: RunInput) =>
            this.#carriedRun(
              workflow,
              startArgs,
              () => withTexts(texts, () => start(startArgs)),
              (result) => result,
            ),
          stream: (streamArgs: RunInput) =>
            this.#carriedRun(
              workflow,
              streamArgs,
              () => withTexts(texts, () => stream(streamArgs)),
              ({ result }) => result,
            ),
        });
      },
    });
  }

  /** A run that an agent begins is a step of the trace. Other runs are recorded by who begins them. */
  #carriedRun<Begun>(
    { id }: AnyWorkflow,
    { inputData }: RunInput,
    begin: () => Begun,
    resultOf: (begun: Begun) => Promise<RunResult>,
  ): Begun {
    const { recorder } = this.#options;
    if (!recorder?.isInsideAgent) return begin();
    const step = recorder.open({ kind: 'chain', name: id, input: inputData });
    const begun = recorder.within(step, begin);
    resultOf(begun).then(
      ({ status, result, error }) => {
        if (status === 'failed') recorder.fail(step, error);
        else recorder.end(step, { output: toPlain(result) });
      },
      (error: unknown) => recorder.fail(step, error),
    );
    return begun;
  }
}

interface ModelOptions {
  readonly model?: Agent['model'];
  readonly structuredOutput?: { readonly model?: Agent['model'] };
}

type Entrance<Result> = (messages: unknown, options?: ModelOptions) => Promise<Result>;

interface RunInput {
  readonly inputData?: unknown;
}

interface RunResult {
  readonly status: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

interface Answer {
  readonly runId: string;
  readonly text?: string;
  readonly object?: unknown;
  readonly finishReason?: string;
  readonly suspendPayload?: { readonly toolName?: string };
}

/** What an agent gave: its object where it was asked for one, else its text. */
function answerOf({ text, object }: Answer): unknown {
  return object ?? text;
}

function copyOf(workflow: AnyWorkflow, isRollout: boolean): AnyWorkflow {
  const { id, description, metadata, inputSchema, outputSchema, stateSchema, requestContextSchema } =
    workflow;
  const { stepDefs, retryConfig, mastra, options } = workflow;
  return createWorkflow({
    id,
    inputSchema,
    outputSchema,
    ...(stateSchema === undefined ? {} : { stateSchema }),
    ...(requestContextSchema === undefined ? {} : { requestContextSchema }),
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(stepDefs === undefined ? {} : { steps: stepDefs }),
    ...(mastra === undefined ? {} : { mastra }),
    retryConfig,
    options: isRollout ? { ...options, shouldPersistSnapshot: () => false } : options,
  } as Parameters<typeof createWorkflow>[0]) as AnyWorkflow;
}

function componentsOf(plan: ToolPlan | undefined): string[] {
  if (plan === undefined) return [];
  return [...(plan.description === undefined ? [] : [plan.description]), ...plan.fields.values()];
}

/** A copy of the same class with other properties. */
function copyWith<Thing extends object>(thing: Thing, changes: object): Thing {
  const copy: Thing = Object.create(Object.getPrototypeOf(thing), Object.getOwnPropertyDescriptors(thing));
  return Object.assign(copy, changes);
}

function mapValues<Value, Values extends Readonly<Record<string, Value>>>(
  values: Values,
  change: (value: Values[string], key: string) => Value,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, change(value as Values[string], key)]),
  ) as Values;
}
