import { SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import type { Compiled } from 'gepa-core';
import type { Client } from 'langsmith';
import { langsmith } from './data/langsmith.ts';
import { isMessage, isNode, type Node } from './program/node.ts';
import { type NamedSite, survey } from './program/survey.ts';

export interface PushOptions {
  /** The prompt's name in LangSmith, from the names of the changed components in it. Default: the first of them. */
  readonly name?: (components: readonly string[]) => string;
  /** Default: `gepa`. */
  readonly tags?: readonly string[];
  /** Whether everybody may see them. Default `false`. */
  readonly isPublic?: boolean;
  /** Default: one made from the environment (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`). */
  readonly client?: Client;
}

/** A prompt that was pushed. */
export interface PushedPrompt {
  readonly name: string;
  readonly components: readonly string[];
  readonly url: string;
}

/**
 * Publishes the prompts that optimization changed to LangSmith, each whole, with the scores before and after in its
 * description. A text that is no prompt of its own (an agent's system prompt, a tunable), or in one that LangChain cannot
 * write down (FewShotPromptTemplate), is published as a system message.
 * @throws {OptionsError} when `langsmith` is not installed.
 */
export async function pushPrompts(
  compiled: Compiled<object>,
  options: PushOptions = {},
): Promise<PushedPrompt[]> {
  const { name = ([first]) => first!, tags = ['gepa'], isPublic = false } = options;
  const client = options.client ?? new (await langsmith()).Client();
  const pushed: PushedPrompt[] = [];
  for (const [object, components] of changedPrompts(compiled)) {
    const identifier = name(components)
      .replace(/[^A-Za-z0-9_-]+/g, '-')
      .toLowerCase();
    const url = await client.pushPrompt(identifier, {
      object,
      description: `${scoresOf(compiled)} Optimized: ${components.join(', ')}.`,
      tags: [...tags],
      isPublic,
    });
    pushed.push({ name: identifier, components, url });
  }
  return pushed;
}

/** What is to be published, in LangChain's format, with the names of what changed in each. */
function changedPrompts({ program, toJSON }: Compiled<object>): Map<object, string[]> {
  const { texts, original } = toJSON();
  const { sites } = survey(program);
  const wholes = new Map<unknown, object>();
  const prompts = new Map<object, string[]>();
  for (const [component, text] of Object.entries(texts)) {
    if (text === original[component]) continue;
    const site = siteOf(sites, component, text);
    const holder = site?.site.path.find(({ node }) => isPrompt(node) || isMessage(node))?.node;
    const whole = wholes.get(holder) ?? wholeManifest(holder);
    if (whole !== undefined) wholes.set(holder, whole);
    const manifest = whole ?? manifestOf(messageOf(site, text));
    prompts.set(manifest, [...(prompts.get(manifest) ?? []), component]);
  }
  return prompts;
}

function isPrompt(node: unknown): boolean {
  return typeof (node as { formatPromptValue?: unknown }).formatPromptValue === 'function';
}
/** By its name, unless the component was renamed. */
function siteOf(sites: readonly NamedSite[], component: string, text: string): NamedSite | undefined {
  const same = sites.filter((site) => site.component.text === text);
  return same.find(({ name }) => name === component) ?? same[0];
}

/** A prompt or a message, unless LangChain cannot write down what is in it. */
function wholeManifest(holder: unknown): object | undefined {
  if (!isNode(holder)) return undefined;
  const prompt = isMessage(holder) ? ChatPromptTemplate.fromMessages([holder as never]) : holder;
  const manifest = manifestOf(prompt);
  return JSON.stringify(manifest).includes('"type":"not_implemented"') ? undefined : manifest;
}

/** The text alone, as a system message. */
function messageOf(site: NamedSite | undefined, text: string): object {
  const { format = 'plain', text: template = text } = site?.site.part ?? {};
  return format === 'plain'
    ? ChatPromptTemplate.fromMessages([new SystemMessage(text)])
    : ChatPromptTemplate.fromMessages([['system', template]], { templateFormat: format });
}

/** LangChain's way to write down an object, with the texts for partial variables, which it would leave out. */
function manifestOf(prompt: object): object {
  const withPartials = function (this: Node, key: string, written: unknown): unknown {
    const { partialVariables = {} } = isNode(this[key]) ? this[key] : {};
    if (Object.keys(partialVariables as object).length === 0 || !isNode(written)) return written;
    return { ...written, kwargs: { ...(written.kwargs as object), partial_variables: partialVariables } };
  };
  return JSON.parse(JSON.stringify(prompt, withPartials));
}

function scoresOf({ toJSON }: Compiled<object>): string {
  const { validation, test } = toJSON().scores;
  const shown = (score: number) => score.toFixed(3);
  const held =
    test === undefined
      ? ''
      : `, and from ${shown(test.seed)} to ${shown(test.best)} on ${test.size} held-out examples`;
  return `Improved from ${shown(validation.seed)} to ${shown(validation.best)} on the validation set${held}.`;
}
