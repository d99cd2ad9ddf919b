/** Tokens of one model. */
export interface ModelUsage {
  /** Number of model requests. */
  readonly modelCalls: number;
  /** Input tokens, cached ones included. */
  readonly inputTokens: number;
  /** The part of `inputTokens` that the provider read from its cache. Absent: none was reported. */
  readonly cachedInputTokens?: number | undefined;
  /** The part of `inputTokens` that the provider wrote to its cache, where it reports this (Anthropic). */
  readonly cacheWriteTokens?: number | undefined;
  /** Output tokens. */
  readonly outputTokens: number;
}

/** The usage of model calls: of a rollout, a reflection, or a whole run. */
export interface Usage extends ModelUsage {
  /** US dollars, where the provider, `prices` or the price catalogue gives them. */
  readonly costUsd?: number | undefined;
  /** By model name, where the names are known. */
  readonly byModel?: Readonly<Record<string, ModelUsage>> | undefined;
}

/** US dollars per million tokens of one model. */
export interface Price {
  readonly input: number;
  /** For tokens read from the provider's cache. Default: as `input`. */
  readonly cachedInput?: number | undefined;
  /** For tokens written to the provider's cache. Default: as `input`. */
  readonly cacheWrite?: number | undefined;
  readonly output: number;
}

/** The price of a model by its name; `undefined` where it is unknown. */
export type PriceOf = (model: string) => Price | undefined;

export const noUsage: Usage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 };

/** The usage of one call to one model. `inputTokens` must include the cached ones. */
export function modelCallUsage(
  call: Partial<Omit<Usage, 'modelCalls' | 'byModel'>> & { readonly model?: string },
): Usage {
  const { model, costUsd, inputTokens = 0, outputTokens = 0 } = call;
  const tokens = {
    modelCalls: 1,
    inputTokens,
    cachedInputTokens: call.cachedInputTokens || undefined,
    cacheWriteTokens: call.cacheWriteTokens || undefined,
    outputTokens,
  };
  return { ...tokens, costUsd, byModel: model === undefined ? undefined : { [model]: tokens } };
}

/**
 * The usage of one call by the counts in a provider's answer, which may be anything. If the count of input or output
 * tokens is missing, negative or not a number, the usage is unknown (see `isUnknownUsage`). Tokens that only
 * `totalTokens` contains, such as the thoughts of Gemini models, count as output.
 */
export function reportedUsage(call: {
  model?: string | undefined;
  /** Cached tokens included. */
  inputTokens?: unknown | undefined;
  cachedInputTokens?: unknown | undefined;
  cacheWriteTokens?: unknown | undefined;
  outputTokens?: unknown | undefined;
  totalTokens?: unknown | undefined;
  /** Whether the answer has a text or a tool call, so that zero output tokens are no count. */
  hasAnswer?: boolean | undefined;
}): Usage {
  const { model, hasAnswer = false } = call;
  const total = countOf(call.totalTokens) ?? 0;
  const [statedInput, statedOutput] = [countOf(call.inputTokens), countOf(call.outputTokens)];
  const inputTokens = statedInput || (statedOutput === undefined ? 0 : Math.max(0, total - statedOutput));
  const outputTokens = Math.max(statedOutput ?? 0, total - inputTokens);
  const isKnown =
    inputTokens > 0 && (outputTokens > 0 || (!hasAnswer && (statedOutput === 0 || total === inputTokens)));
  if (!isKnown) return modelCallUsage({ model });
  return modelCallUsage({
    model,
    inputTokens,
    cachedInputTokens: countOf(call.cachedInputTokens),
    cacheWriteTokens: countOf(call.cacheWriteTokens),
    outputTokens,
  });
}

/** Whether model calls were made of which neither tokens nor cost are known. */
export function isUnknownUsage({ modelCalls, inputTokens, outputTokens, costUsd }: Usage): boolean {
  return modelCalls > 0 && inputTokens + outputTokens === 0 && costUsd === undefined;
}

/**
 * Makes counts that are negative or not numbers unknown: such a usage keeps the number and names of its model calls and
 * a valid cost, but no tokens. A single `NaN` would otherwise disable the limits, and a negative count would raise them.
 */
export function soundUsage(usage: Usage): Usage {
  const costUsd = countOf(usage.costUsd);
  const models = Object.entries(usage.byModel ?? {});
  const isSound = hasSoundCounts(usage) && models.every(([, tokens]) => hasSoundCounts(tokens));
  if (isSound) return costUsd === usage.costUsd ? usage : { ...usage, costUsd };
  const byModel = Object.fromEntries(models.map(([model, tokens]) => [model, unknownTokens(tokens)]));
  return { ...unknownTokens(usage), costUsd, byModel: usage.byModel && byModel };
}

function hasSoundCounts(usage: ModelUsage): boolean {
  const { modelCalls, inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  const counts = [modelCalls, inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens];
  return counts.every((count) => countOf(count) !== undefined);
}

function unknownTokens({ modelCalls }: ModelUsage): ModelUsage {
  // Tokens imply a model call.
  return { modelCalls: Math.max(1, countOf(modelCalls) ?? 1), inputTokens: 0, outputTokens: 0 };
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The sum of two usages. Unknown costs count as zero beside known ones. */
export function addUsage(a: Usage, b: Usage): Usage {
  if (a === noUsage) return b;
  if (b === noUsage) return a;
  const hasCost = a.costUsd !== undefined || b.costUsd !== undefined;
  return {
    ...addTokens(a, b),
    costUsd: hasCost ? (a.costUsd ?? 0) + (b.costUsd ?? 0) : undefined,
    byModel: addByModel(a.byModel, b.byModel),
  };
}

/** Adds `costUsd` by the prices of its models, unless the usage has its own cost or an unnamed model. */
export function priceUsage(usage: Usage, priceOf: PriceOf): Usage {
  if (usage.costUsd !== undefined || usage.byModel === undefined) return usage;
  let costUsd = 0;
  let unnamedCalls = usage.modelCalls;
  for (const [model, tokens] of Object.entries(usage.byModel)) {
    const price = priceOf(model);
    if (price === undefined) return usage;
    unnamedCalls -= tokens.modelCalls;
    costUsd += costOf(tokens, price);
  }
  return unnamedCalls > 0 ? usage : { ...usage, costUsd };
}

function costOf(tokens: ModelUsage, price: Price): number {
  const { inputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, outputTokens } = tokens;
  const { input, cachedInput = input, cacheWrite = input, output } = price;
  // Not negative, should a provider count cached tokens in addition to the input tokens.
  const uncached = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
  return (
    (uncached * input +
      cachedInputTokens * cachedInput +
      cacheWriteTokens * cacheWrite +
      outputTokens * output) /
    1e6
  );
}

type ByModel = Readonly<Record<string, ModelUsage>>;

function addByModel(a: ByModel | undefined, b: ByModel | undefined): ByModel | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum = new Map(Object.entries(a));
  for (const [model, tokens] of Object.entries(b)) {
    const known = sum.get(model);
    sum.set(model, known === undefined ? tokens : addTokens(known, tokens));
  }
  return Object.fromEntries(sum);
}

function addTokens(a: ModelUsage, b: ModelUsage): ModelUsage {
  return {
    modelCalls: a.modelCalls + b.modelCalls,
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: (a.cachedInputTokens ?? 0) + (b.cachedInputTokens ?? 0) || undefined,
    cacheWriteTokens: (a.cacheWriteTokens ?? 0) + (b.cacheWriteTokens ?? 0) || undefined,
    outputTokens: a.outputTokens + b.outputTokens,
  };
}
