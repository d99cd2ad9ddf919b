import { componentNames, seedCandidateOf } from '../component.ts';
import type { Settings } from '../options/settings.ts';
import { buildReflectionPrompt } from '../reflection/prompt.ts';
import { recordsFor } from '../reflection/propose.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS, renderRecords } from '../reflection/render.ts';
import type { CallSize, CallSizes } from './load.ts';
import type { Measurement } from './measure-rollout.ts';
import { reflectionPrice } from './pricing.ts';
import type { Guess } from './search-size.ts';
import type { Asks } from './worst-course.ts';

const CHARACTERS_PER_TOKEN = 4;
/** The text of an evolved prompt, also where the seed's is only a line. */
export const LIKELY_TEXT_TOKENS = 500;
/** At so many tokens a second a reflection model is taken to write. */
export const TOKENS_PER_SECOND = 50;

const unknown: CallSize = { tokens: undefined, costUsd: undefined, durationMs: undefined };
const free: CallSize = { tokens: 0, costUsd: 0, durationMs: 0 };

/** What calls are likely to take, and the most they are taken for: with records as long as they may be, or the reserve. */
export function callSizes<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  asks: Asks,
  measurement: Measurement<Example, Output, Trace> | undefined,
  minibatch: Guess,
): { readonly likely: CallSizes; readonly most: CallSizes } {
  const { reserve = {}, maxRecordCharacters = DEFAULT_MAX_RECORD_CHARACTERS } = settings;
  const rollout = measurement === undefined ? unknown : rolloutSize(measurement);
  const reflection = (recordCharacters: (name: Name) => number) =>
    asks === 'once' ? free : reflectionSize(settings, recordCharacters);
  const shown = (name: Name) =>
    measurement === undefined
      ? maxRecordCharacters
      : recordsOf(settings, measurement, minibatch.likely, name).length;
  const largest = reflection(() => maxRecordCharacters);
  return {
    likely: { rollout, reflection: reflection(shown) },
    most: {
      rollout: atMost(rollout, reserve.rollout),
      reflection: asks === 'once' ? largest : atMost(largest, reserve.reflection),
    },
  };
}

function rolloutSize({
  usage,
  durationMs,
}: Pick<Measurement<never, never, never>, 'usage' | 'durationMs'>): CallSize {
  return {
    tokens: usage === undefined ? undefined : usage.inputTokens + usage.outputTokens || undefined,
    costUsd: usage?.costUsd,
    durationMs,
  };
}

/** The average over the components, which take turns. */
function reflectionSize<Example, Output, Trace, Name extends string>(
  settings: Settings<Example, Output, Trace, Name>,
  recordCharacters: (name: Name) => number,
): CallSize {
  const { adapter, reflectionPromptTemplate: templates } = settings;
  const names = componentNames(adapter.components);
  const texts = seedCandidateOf(adapter.components);
  let [input, output] = [0, 0];
  for (const name of names) {
    const prompt = buildReflectionPrompt({
      name,
      component: adapter.components[name],
      currentText: texts[name],
      records: '',
      template: typeof templates === 'string' ? templates : templates?.[name],
    });
    input += (prompt.length + recordCharacters(name)) / CHARACTERS_PER_TOKEN / names.length;
    output += Math.max(LIKELY_TEXT_TOKENS, texts[name].length / CHARACTERS_PER_TOKEN) / names.length;
  }
  const priced = reflectionPrice(settings);
  return {
    tokens: input + output,
    costUsd:
      priced === undefined ? undefined : (input * priced.price.input + output * priced.price.output) / 1e6,
    durationMs: (1_000 * output) / TOKENS_PER_SECOND,
  };
}

/** The records of a minibatch, each like the measured rollout. */
function recordsOf<Example, Output, Trace, Name extends string>(
  { adapter, maxRecordCharacters }: Settings<Example, Output, Trace, Name>,
  { rollout }: Measurement<Example, Output, Trace>,
  count: number,
  name: Name,
): string {
  const rollouts = Array.from({ length: count }, () => rollout);
  return renderRecords(recordsFor(adapter, seedCandidateOf(adapter.components), name, rollouts), {
    maxCharacters: maxRecordCharacters,
  });
}

/** A reserve says what a call can cost at most. */
function atMost(
  size: CallSize,
  reserve: { readonly tokens?: number; readonly costUsd?: number } = {},
): CallSize {
  const larger = (a: number | undefined, b: number | undefined) =>
    b === undefined ? a : Math.max(a ?? 0, b);
  return {
    ...size,
    tokens: larger(size.tokens, reserve.tokens),
    costUsd: larger(size.costUsd, reserve.costUsd),
  };
}
