import type { Reserve } from '../budget/budget-options.ts';
import type { Price } from '../budget/usage.ts';
import { componentNames, seedCandidateOf } from '../component.ts';
import type { Settings } from '../options/settings.ts';
import { buildReflectionPrompt } from '../reflection/prompt/prompt.ts';
import { reflectionRequests } from '../reflection/prompt/requests.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS } from '../reflection/records/render.ts';
import type { CallSize, CallSizes } from './counts.ts';
import type { Measurement } from './measure-rollout.ts';

const CHARACTERS_PER_TOKEN = 4;
/** The assumed length of an optimized text, if the seed's text is not longer. */
export const LIKELY_TEXT_TOKENS = 500;
/** The assumed speed of a reflection model. */
export const TOKENS_PER_SECOND = 50;

/** Calls of a custom proposer do not count. */
const free: CallSize = { tokens: 0, costUsd: 0, durationMs: 0 };

/** The likely and the maximum size of calls. The maximum is the declared one, or assumes records of the maximum length. */
export async function callSizes(
  settings: Settings,
  measurement: Measurement | undefined,
): Promise<{ readonly likely: CallSizes; readonly largest: CallSizes }> {
  const { reserve } = settings;
  const rollout = rolloutSize(measurement);
  const largestReflection = await reflectionSize(settings, undefined);
  return {
    likely: { rollout, reflection: await reflectionSize(settings, measurement) },
    largest: {
      rollout: atLeast(rollout, reserve?.rollout),
      reflection: atLeast(largestReflection, reserve?.reflection),
    },
  };
}

function rolloutSize({ usage, durationMs }: Partial<Measurement> = {}): CallSize {
  const tokens = usage === undefined ? undefined : usage.inputTokens + usage.outputTokens || undefined;
  return { tokens, costUsd: usage?.costUsd, durationMs };
}

/**
 * The mean size of one reflection.
 *
 * @param measurement Each record of the minibatch is assumed to be as long as that of its rollout. Without one, the records have the maximum length.
 */
async function reflectionSize(settings: Settings, measurement: Measurement | undefined): Promise<CallSize> {
  const { adapter, maxRecordCharacters = DEFAULT_MAX_RECORD_CHARACTERS, componentSelector } = settings;
  if (settings.reflectionModel === undefined) return free;
  const length = measurement === undefined ? 0 : settings.reflectionMinibatchSize;
  const rollouts = Array.from({ length }, () => measurement!.rollout);
  const candidate = seedCandidateOf(adapter.components);
  const names = componentNames(adapter.components);
  const proposals = componentSelector === 'all' ? [names] : names.map((name) => [name]);
  let [input, output] = [0, 0];
  for (const components of proposals) {
    const requests = await reflectionRequests({
      adapter,
      candidate,
      components,
      rollouts,
      templates: settings.reflectionPromptTemplate,
      maxRecordCharacters,
      knowledge: settings,
    });
    const characters = sum(requests.map((request) => buildReflectionPrompt(request).length));
    const records = measurement === undefined ? maxRecordCharacters * requests.length : 0;
    const texts = components.map((name) =>
      Math.max(LIKELY_TEXT_TOKENS, candidate[name]!.length / CHARACTERS_PER_TOKEN),
    );
    input += (characters + records) / CHARACTERS_PER_TOKEN / proposals.length;
    output += sum(texts) / proposals.length;
  }
  const price = reflectionPrice(settings);
  return {
    tokens: input + output,
    costUsd: price && (input * price.input + output * price.output) / 1e6,
    durationMs: (1_000 * output) / TOKENS_PER_SECOND,
  };
}

export function reflectionPrice({ prices, reflectionModel }: Settings): Price | undefined {
  const model = reflectionModel?.modelName;
  return model === undefined ? undefined : prices.priceOf(model);
}

/** The size, or the declared maximum where that is larger. */
function atLeast(size: CallSize, declared: Reserve = {}): CallSize {
  const larger = (unit: keyof Reserve) =>
    declared[unit] === undefined ? size[unit] : Math.max(size[unit] ?? 0, declared[unit]);
  return { ...size, tokens: larger('tokens'), costUsd: larger('costUsd') };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
