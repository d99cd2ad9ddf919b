import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Adapter, Component, Rollout, Step } from 'gepa-core';
import { buildReflectionPrompt } from '../../packages/gepa-core/src/reflection/prompt/prompt.ts';
import { reflectionRequests } from '../../packages/gepa-core/src/reflection/prompt/requests.ts';

/** A recorded minibatch of a program: the input of a reflection. */
export interface Case {
  readonly name: string;
  readonly components: Readonly<Record<string, Component>>;
  readonly candidate: Readonly<Record<string, string>>;
  readonly rollouts: readonly Rollout<unknown, unknown>[];
  /** By component to rewrite, the characters of the whole prompt at commit 0592985, with the same rollouts. */
  readonly baseline: Readonly<Record<string, number>>;
}

const folder = join(import.meta.dirname, 'cases');

/** Recorded from the programs of the examples, on their simulated model. */
export const cases: readonly Case[] = readdirSync(folder)
  .sort()
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Case);

/** The prompt that asks for new texts of components. */
export async function promptOf(
  { components, candidate, rollouts }: Case,
  names: readonly string[],
): Promise<string> {
  const adapter: Pick<Adapter<unknown, unknown, readonly Step[]>, 'components'> = { components };
  const [request] = await reflectionRequests({
    adapter: adapter as Adapter<unknown, unknown>,
    candidate,
    components: names,
    rollouts,
    templates: undefined,
    knowledge: {},
    maxRecordCharacters: undefined,
  });
  return buildReflectionPrompt(request!);
}
