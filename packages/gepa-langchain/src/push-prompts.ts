import { SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import type { Compiled } from 'gepa-core';
import type { Client } from 'langsmith';
import { langsmith } from './data/langsmith.ts';
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
 * description. A text that is no prompt of its own (an agent's system prompt, a tunable) is published as a system
 * message.
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

/** The prompts with a changed text, and the names of what changed in each. */
function changedPrompts({ program, toJSON }: Compiled<object>): Map<object, string[]> {
  const { texts, original } = toJSON();
  const { sites } = survey(program);
  const prompts = new Map<object, string[]>();
  for (const [component, text] of Object.entries(texts)) {
    if (text === original[component]) continue;
    const site = siteOf(sites, component, text);
    const object = promptAround(site) ?? ChatPromptTemplate.fromMessages([new SystemMessage(text)]);
    prompts.set(object, [...(prompts.get(object) ?? []), component]);
  }
  return prompts;
}

/** By its name, unless the component was renamed. */
function siteOf(sites: readonly NamedSite[], component: string, text: string): NamedSite | undefined {
  const same = sites.filter((site) => site.component.text === text);
  return same.find(({ name }) => name === component) ?? same[0];
}

/** The outermost prompt around a text that is a prompt by itself. */
function promptAround(site: NamedSite | undefined): object | undefined {
  return site?.site.path.find(
    ({ node }) => typeof (node as { formatPromptValue?: unknown }).formatPromptValue === 'function',
  )?.node as object | undefined;
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
