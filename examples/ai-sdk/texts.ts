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
/** Any `ToolLoopAgent`, with any tools and output. */
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
  const declared = tunableComponents(options.tunables ?? [], found);
  // A copy that is optimized again begins with the texts that it has.
  for (const [name, text] of Object.entries(copies.get(program)?.texts ?? {})) {
    if (declared[name] !== undefined) declared[name] = { ...declared[name], text };
  }
  const components = { ...found, ...declared };
  if (Object.keys(components).length === 0) {
    throw new NoComponentsError('The program has no text to optimize. Give its texts as `tunables`.');
  }
  return { components, apply: (candidate) => copyWith(program, candidate) };
}

/** The original of each copy, and its texts. */
const copies = new WeakMap<Program, { readonly original: Program; readonly texts: Candidate }>();

/** A copy of the program that uses the candidate's texts, in functions that it calls too. */
export function copyWith<Source extends Program>(
  program: Source,
  candidate: Candidate,
  changes: Partial<ToolLoopAgentSettings> = {},
): Source {
  const { original, texts: earlier } = copies.get(program) ?? { original: program, texts: {} };
  const texts = { ...earlier, ...candidate };
  const bound = <Call extends (...parameters: never[]) => unknown>(call: Call) =>
    ((...parameters) => withCandidate(texts, () => call(...parameters))) as Call;
  const copy = isAgent(program) ? copyOfAgent(program, candidate, changes) : bound(original as Flow);
  if (isAgent(copy)) Object.assign(copy, { generate: bound(copy.generate), stream: bound(copy.stream) });
  copies.set(copy, { original, texts });
  return copy as Source;
}

/** The agent with other settings, its own class included. */
function copyOfAgent(agent: Agent, candidate: Candidate, changes: Partial<ToolLoopAgentSettings>): Agent {
  const { instructions, tools, ...others } = settingsOf(agent);
  const settings = {
    ...others,
    ...changes,
    instructions: mapInstructions(instructions, (text, name) => candidate[name] ?? text),
    tools: mapTools(tools, (text, name) => candidate[name] ?? text),
  };
  const { generate, stream } = Object.getPrototypeOf(agent) as Agent;
  const copy: Agent = Object.assign(Object.create(Object.getPrototypeOf(agent)), agent, { settings });
  return Object.assign(copy, { generate: generate.bind(copy), stream: stream.bind(copy) });
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
