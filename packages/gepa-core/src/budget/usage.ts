/** Tokens of one model. */
export interface ModelUsage {
  /** Number of model requests. */
  readonly modelCalls: number;
  /** Tokens sent to models, cached ones included. */
  readonly inputTokens: number;
  /** Those of `inputTokens` that the provider read from its cache. Absent: none that anybody told of. */
  readonly cachedInputTokens?: number;
  /** Those of `inputTokens` that the provider wrote to its cache, where it tells (Anthropic). */
  readonly cacheWriteTokens?: number;
  /** Tokens written by models. */
  readonly outputTokens: number;
}

/** What model calls cost: of one rollout, one reflection, or a whole run. */
export interface Usage extends ModelUsage {
  /** US dollars, where the provider, `prices` or the catalogue of prices tells. */
  readonly costUsd?: number;
  /** The same, by model name, where the names are known. */
  readonly byModel?: Readonly<Record<string, ModelUsage>>;
}

/** US dollars per million tokens of one model. */
export interface Price {
  readonly input: number;
  /** For tokens read from the provider's cache. Default: as `input`. */
  readonly cachedInput?: number;
  /** For tokens written to the provider's cache. Default: as `input`. */
  readonly cacheWrite?: number;
  readonly output: number;
}

/** Tells what a model costs, by its name; `undefined` where that is not known. */
export type PriceOf = (model: string) => Price | undefined;

export const noUsage: Usage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 };

/** The usage of one call to one model. `inputTokens` must include the cached ones. */
export function modelCallUsage(call: {
  model?: string | undefined;
  inputTokens?: number | undefined;
  cachedInputTokens?: number | undefined;
  cacheWriteTokens?: number | undefined;
  outputTokens?: number | undefined;
  costUsd?: number | undefined;
}): Usage {
  const { model, costUsd, inputTokens = 0, outputTokens = 0 } = call;
  const tokens = tokenCounts({ ...call, modelCalls: 1, inputTokens, outputTokens });
  return {
    ...tokens,
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(model === undefined ? {} : { byModel: { [model]: tokens } }),
  };
}

/**
 * A usage as somebody reported it, fit to be added up and written down: what is no number counts as not told. One `NaN`
 * would otherwise hide all that is spent from the bounds.
 */
export function soundUsage(usage: Usage): Usage {
  const { costUsd, byModel } = usage;
  const models = Object.entries(byModel ?? {});
  const isSound =
    hasSoundCounts(usage) &&
    (costUsd === undefined || Number.isFinite(costUsd)) &&
    models.every(([, tokens]) => hasSoundCounts(tokens));
  if (isSound) return usage;
  return {
    ...soundCounts(usage),
    ...(Number.isFinite(costUsd) ? { costUsd: costUsd! } : {}),
    ...(byModel === undefined
      ? {}
      : { byModel: Object.fromEntries(models.map(([model, tokens]) => [model, soundCounts(tokens)])) }),
  };
}

function hasSoundCounts(usage: ModelUsage): boolean {
  const { modelCalls, inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  return [modelCalls, inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens].every(Number.isFinite);
}

function soundCounts(usage: ModelUsage): ModelUsage {
  const count = (value: number | undefined, otherwise = 0) => (Number.isFinite(value) ? value! : otherwise);
  return tokenCounts({
    // Whoever tells tokens has called a model.
    modelCalls: count(usage.modelCalls, 1),
    inputTokens: count(usage.inputTokens),
    cachedInputTokens: count(usage.cachedInputTokens),
    cacheWriteTokens: count(usage.cacheWriteTokens),
    outputTokens: count(usage.outputTokens),
  });
}

/** The sum of two usages. Unknown costs count as zero beside known ones. */
export function addUsage(a: Usage, b: Usage): Usage {
  if (a === noUsage) return b;
  if (b === noUsage) return a;
  const byModel = addByModel(a.byModel, b.byModel);
  return {
    ...addTokens(a, b),
    ...(a.costUsd === undefined && b.costUsd === undefined
      ? {}
      : { costUsd: (a.costUsd ?? 0) + (b.costUsd ?? 0) }),
    ...(byModel === undefined ? {} : { byModel }),
  };
}

/** Fills in `costUsd` from prices by model name, where the usage brings no cost of its own and names every model. */
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
  // Never less than none, should a provider count cached tokens beside the others instead of among them.
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
  const sum: Record<string, ModelUsage> = { ...a };
  for (const [model, tokens] of Object.entries(b)) {
    const known = sum[model];
    sum[model] = known === undefined ? tokens : addTokens(known, tokens);
  }
  return sum;
}

function addTokens(a: ModelUsage, b: ModelUsage): ModelUsage {
  return tokenCounts({
    modelCalls: a.modelCalls + b.modelCalls,
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: (a.cachedInputTokens ?? 0) + (b.cachedInputTokens ?? 0),
    cacheWriteTokens: (a.cacheWriteTokens ?? 0) + (b.cacheWriteTokens ?? 0),
    outputTokens: a.outputTokens + b.outputTokens,
  });
}

/** Without counts of cached tokens that are zero: most models have none. */
function tokenCounts(counts: {
  modelCalls: number;
  inputTokens: number;
  cachedInputTokens?: number | undefined;
  cacheWriteTokens?: number | undefined;
  outputTokens: number;
}): ModelUsage {
  const { modelCalls, inputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, outputTokens } = counts;
  return {
    modelCalls,
    inputTokens,
    ...(cachedInputTokens === 0 ? {} : { cachedInputTokens }),
    ...(cacheWriteTokens === 0 ? {} : { cacheWriteTokens }),
    outputTokens,
  };
}
