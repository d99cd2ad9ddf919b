import { SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import type { Compiled } from 'gepa-core';
import type { Client } from 'langsmith';
import { inspectProgram, type NamedSite } from '../program/inspect-program.ts';
import { isMessage, isNode, isPromptTemplate, type Node } from '../program/node.ts';
import { langSmithClient } from './client.ts';

export interface PushOptions {
  /** Names a prompt in LangSmith by its changed components. Default: the first component's name. */
  readonly name?: (components: readonly string[]) => string;
  /** Default: `['gepa']`. */
  readonly tags?: readonly string[];
  /** Whether the prompts are public. Default `false`. */
  readonly isPublic?: boolean;
  /** Default: a client configured by the environment (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`). */
  readonly client?: Client;
}

/** A prompt published to LangSmith. */
export interface PushedPrompt {
  readonly name: string;
  readonly components: readonly string[];
  readonly url: string;
}

/**
 * Publishes the prompts that optimization changed to LangSmith. Each is published whole, with the scores before and
 * after in its description. A text outside a prompt (an agent's system prompt, a tunable), or in a prompt that LangChain
 * cannot serialize (FewShotPromptTemplate), is published as a system message.
 * @throws {OptionsError} when `langsmith` is not installed.
 */
export async function pushPrompts(
  compiled: Compiled<object>,
  options: PushOptions = {},
): Promise<PushedPrompt[]> {
  const { name = ([first]) => first!, tags = ['gepa'], isPublic = false } = options;
  const client = await langSmithClient(options.client);
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

/** The manifests to publish, each with the names of its changed components. */
function changedPrompts({ program, toJSON }: Compiled<object>): Map<object, string[]> {
  const { texts, original } = toJSON();
  const { sites } = inspectProgram(program);
  const manifests = new Map<unknown, object>();
  const changed = new Map<object, string[]>();
  for (const [component, text] of Object.entries(texts)) {
    if (text === original[component]) continue;
    const site = siteOf(sites, component, text);
    const prompt = site?.site.path.find(({ node }) => isPromptTemplate(node) || isMessage(node))?.node;
    const whole = manifests.get(prompt) ?? wholeManifest(prompt);
    if (whole !== undefined) manifests.set(prompt, whole);
    const manifest = whole ?? manifestOf(systemMessage(site, text));
    changed.set(manifest, [...(changed.get(manifest) ?? []), component]);
  }
  return changed;
}

/** The text's site, found by its name, or by its text alone if the component was renamed. */
function siteOf(sites: readonly NamedSite[], component: string, text: string): NamedSite | undefined {
  const sameText = sites.filter((site) => site.component.text === text);
  return sameText.find(({ name }) => name === component) ?? sameText[0];
}

/** The manifest of a prompt or a message; `undefined` when LangChain cannot serialize all of it. */
function wholeManifest(node: unknown): object | undefined {
  if (!isNode(node)) return undefined;
  const prompt = isMessage(node) ? ChatPromptTemplate.fromMessages([node as never]) : node;
  const manifest = manifestOf(prompt);
  return JSON.stringify(manifest).includes('"type":"not_implemented"') ? undefined : manifest;
}

function systemMessage(site: NamedSite | undefined, text: string): object {
  const { format = 'plain', text: template = text } = site?.site.part ?? {};
  return format === 'plain'
    ? ChatPromptTemplate.fromMessages([new SystemMessage(text)])
    : ChatPromptTemplate.fromMessages([['system', template]], { templateFormat: format });
}

/** LangChain's serialization of a prompt, plus its partial variables, which LangChain leaves out. */
function manifestOf(prompt: object): object {
  const withPartials = function (this: Node, key: string, serialized: unknown): unknown {
    const { partialVariables = {} } = isNode(this[key]) ? this[key] : {};
    if (Object.keys(partialVariables as object).length === 0 || !isNode(serialized)) return serialized;
    const kwargs = { ...(serialized.kwargs as object), partial_variables: partialVariables };
    return { ...serialized, kwargs };
  };
  return JSON.parse(JSON.stringify(prompt, withPartials));
}

function scoresOf({ toJSON }: Compiled<object>): string {
  const { validation, test } = toJSON().scores;
  // A run that ended before its first score.
  if (validation === undefined) return 'Not scored.';
  const shown = (score: number) => score.toFixed(3);
  const onTestset =
    test === undefined
      ? ''
      : `, and from ${shown(test.seed)} to ${shown(test.best)} on ${test.size} held-out examples`;
  return `Improved from ${shown(validation.seed)} to ${shown(validation.best)} on the validation set${onTestset}.`;
}
