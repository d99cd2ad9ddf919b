import { type SystemModelMessage, ToolLoopAgent, type ToolLoopAgentSettings, type ToolSet } from 'ai';
import {
  type Candidate,
  type Component,
  NoComponentsError,
  type ProgramTexts,
  type Tunable,
  tunableComponents,
  withCandidate,
} from 'gepa-core/load';

/** A function that calls models in any way; its texts are `tunables`, its models are `observed`. */
export type Flow = (input: never, options: { readonly abortSignal?: AbortSignal }) => Promise<unknown>;
/** Any `ToolLoopAgent`, whatever its tools and output. */
export interface Agent {
  readonly version: 'agent-v1';
  readonly tools: object;
  generate(options: never): PromiseLike<{ readonly output: unknown }>;
  stream(options: never): PromiseLike<unknown>;
}
export type Program = Agent | Flow;

export interface TextOptions {
  /** Whether the descriptions of an agent's tools are components. Default `false`. */
  readonly tools?: boolean;
  /** Texts in functions of the program, made with `tunable`. */
  readonly tunables?: readonly Tunable[];
}

/**
 * Finds the texts of an agent or a function.
 *
 * @throws {NoComponentsError} when there is none.
 */
export function findTexts<Source extends Program>(
  program: Source,
  options: TextOptions = {},
): ProgramTexts<Source> {
  const found = isAgent(program) ? textsOfAgent(program, options.tools) : {};
  const components = { ...found, ...tunableComponents(options.tunables ?? [], found) };
  if (Object.keys(components).length === 0) {
    throw new NoComponentsError('The program has no text to optimize. Give its texts as `tunables`.');
  }
  return { components, apply: (candidate) => copyWith(program, candidate) };
}

/** A copy of the program that uses the candidate's texts, in functions that it calls too. */
export function copyWith<Source extends Program>(
  program: Source,
  candidate: Candidate,
  changes: Partial<ToolLoopAgentSettings> = {},
): Source {
  const bound = <Call extends (...parameters: never[]) => unknown>(call: Call) =>
    ((...parameters) => withCandidate(candidate, () => call(...parameters))) as Call;
  if (!isAgent(program)) return bound(program as Flow) as Source;
  const { instructions, tools, ...others } = settingsOf(program);
  const settings = {
    ...others,
    ...changes,
    instructions: mapInstructions(instructions, (text, name) => candidate[name] ?? text),
    tools: mapTools(tools, (text, name) => candidate[name] ?? text),
  };
  const copy: Agent = Object.assign(Object.create(Object.getPrototypeOf(program)), program, { settings });
  return Object.assign(copy, {
    generate: bound(copy.generate.bind(copy)),
    stream: bound(copy.stream.bind(copy)),
  }) as Source;
}

export function isAgent(program: Program): program is Agent {
  return program instanceof ToolLoopAgent;
}

/** An agent keeps its settings in a field that only its type hides. */
export function settingsOf(agent: Agent): ToolLoopAgentSettings {
  return (agent as unknown as { readonly settings: ToolLoopAgentSettings }).settings;
}

function textsOfAgent(agent: Agent, withTools = false): Record<string, Component> {
  const { instructions, tools } = settingsOf(agent);
  const components: Record<string, Component> = {};
  mapInstructions(instructions, (text, name) => {
    components[name] = { text, kind: 'instructions', location: name };
    return text;
  });
  mapTools(withTools ? tools : undefined, (text, name) => {
    components[name] = { text, kind: 'tool-description', location: name };
    return text;
  });
  return components;
}

type Rewrite = (text: string, name: string) => string;
type Instructions = ToolLoopAgentSettings['instructions'];

function mapInstructions(instructions: Instructions, rewrite: Rewrite): Instructions {
  if (instructions === undefined) return undefined;
  if (typeof instructions === 'string') return rewrite(instructions, 'instructions');
  const inMessage = (message: SystemModelMessage, name: string) => ({
    ...message,
    content: rewrite(message.content, name),
  });
  return Array.isArray(instructions)
    ? instructions.map((message, i) => inMessage(message, `instructions.${i}`))
    : inMessage(instructions, 'instructions');
}

function mapTools(tools: ToolSet | undefined, rewrite: Rewrite): ToolSet | undefined {
  if (tools === undefined) return undefined;
  const entries = Object.entries(tools).map(([name, tool]) => {
    const { description } = tool;
    // A function computes it for each call.
    if (typeof description !== 'string') return [name, tool];
    return [name, { ...tool, description: rewrite(description, `tools.${name}`) }];
  });
  return Object.fromEntries(entries);
}
