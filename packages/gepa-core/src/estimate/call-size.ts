import type { Price } from '../budget/usage.ts';
import { componentNames, ownValue, seedCandidateOf } from '../component.ts';
import type { Settings } from '../options/settings.ts';
import { buildReflectionPrompt } from '../reflection/prompt.ts';
import { recordsFor } from '../reflection/propose.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS, renderRecords } from '../reflection/render.ts';
import type { Measurement } from './measure-rollout.ts';

/** What one call takes; `undefined` where that is unknown. */
export interface CallSize {
  readonly tokens: number | undefined;
  readonly costUsd: number | undefined;
  readonly durationMs: number | undefined;
}

const CHARACTERS_PER_TOKEN = 4;
/** The length of an evolved prompt, also where the seed is only a line. */
export const LIKELY_TEXT_TOKENS = 500;
/** How fast a reflection model is assumed to write. */
export const TOKENS_PER_SECOND = 50;

export function rolloutSize(
  measurement: Pick<Measurement<unknown, unknown, unknown>, 'usage' | 'durationMs'> | undefined,
): CallSize {
  if (measurement === undefined) return { tokens: undefined, costUsd: undefined, durationMs: undefined };
  const { usage, durationMs } = measurement;
  const tokens = usage === undefined ? undefined : usage.inputTokens + usage.outputTokens || undefined;
  return { tokens, costUsd: usage?.costUsd, durationMs };
}

/**
 * One reflection on one component, on the average of the components.
 *
 * @param measurement Its records are taken as typical; without one, records are as long as they may be.
 */
export function reflectionSize<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  measurement: Measurement<Example, Output, Trace> | undefined,
): CallSize {
  const { adapter, maxRecordCharacters = DEFAULT_MAX_RECORD_CHARACTERS, reflectionMinibatchSize } = settings;
  const { reflectionPromptTemplate: templates } = settings;
  const names = componentNames(adapter.components);
  const seed = seedCandidateOf(adapter.components);
  const recordCharacters = (name: Name) => {
    if (measurement === undefined) return maxRecordCharacters;
    const rollouts = Array.from({ length: reflectionMinibatchSize }, () => measurement.rollout);
    const records = recordsFor(adapter, seed, name, rollouts);
    return renderRecords(records, { maxCharacters: maxRecordCharacters }).length;
  };
  let [input, output] = [0, 0];
  for (const name of names) {
    const prompt = buildReflectionPrompt({
      name,
      component: adapter.components[name],
      currentText: seed[name],
      records: '',
      template:
        typeof templates === 'string'
          ? templates
          : ownValue<string>(templates as Readonly<Record<string, string>> | undefined, name),
    });
    input += (prompt.length + recordCharacters(name)) / CHARACTERS_PER_TOKEN / names.length;
    output += Math.max(LIKELY_TEXT_TOKENS, seed[name].length / CHARACTERS_PER_TOKEN) / names.length;
  }
  const price = reflectionPrice(settings)?.price;
  return {
    tokens: input + output,
    costUsd: price === undefined ? undefined : (input * price.input + output * price.output) / 1e6,
    durationMs: (1_000 * output) / TOKENS_PER_SECOND,
  };
}

/** The name and price of the reflection model, where both are known. */
export function reflectionPrice<Example, Output, Trace, Name extends string>({
  prices,
  reflectionModel,
}: Settings<Example, Output, Trace, Name>): { readonly model: string; readonly price: Price } | undefined {
  const model = reflectionModel?.modelName;
  const price = model === undefined ? undefined : prices.priceOf(model);
  return model === undefined || price === undefined ? undefined : { model, price };
}

/** The size that a declared maximum raises. */
export function atMost(
  size: CallSize,
  declared: { readonly tokens?: number; readonly costUsd?: number } = {},
): CallSize {
  const larger = (a: number | undefined, b: number | undefined) =>
    b === undefined ? a : Math.max(a ?? 0, b);
  return {
    ...size,
    tokens: larger(size.tokens, declared.tokens),
    costUsd: larger(size.costUsd, declared.costUsd),
  };
}
