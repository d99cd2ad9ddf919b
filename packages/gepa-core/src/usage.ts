/** What model calls cost: of one rollout, one reflection, or a whole run. */
export interface Usage {
  /** Number of model requests. */
  readonly modelCalls: number;
  /** Tokens sent to models. */
  readonly inputTokens: number;
  /** Tokens written by models. */
  readonly outputTokens: number;
  /** US dollars, where the provider or `prices` tells. */
  readonly costUsd?: number;
  /** The same, by model name, where the names are known. */
  readonly byModel?: Readonly<Record<string, ModelUsage>>;
}

/** Tokens of one model. */
export interface ModelUsage {
  readonly modelCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** US dollars per million tokens of one model. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

export const noUsage: Usage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 };

/** The usage of one call to one model. */
export function modelCallUsage(call: {
  model?: string | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  costUsd?: number | undefined;
}): Usage {
  const tokens: ModelUsage = {
    modelCalls: 1,
    inputTokens: call.inputTokens ?? 0,
    outputTokens: call.outputTokens ?? 0,
  };
  return {
    ...tokens,
    ...(call.costUsd === undefined ? {} : { costUsd: call.costUsd }),
    ...(call.model === undefined ? {} : { byModel: { [call.model]: tokens } }),
  };
}

/** The sum of two usages. Unknown costs count as zero beside known ones. */
export function addUsage(a: Usage, b: Usage): Usage {
  if (a === noUsage) return b;
  if (b === noUsage) return a;
  const sum: Usage = {
    modelCalls: a.modelCalls + b.modelCalls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
  const byModel = addByModel(a.byModel, b.byModel);
  return {
    ...sum,
    ...(a.costUsd === undefined && b.costUsd === undefined
      ? {}
      : { costUsd: (a.costUsd ?? 0) + (b.costUsd ?? 0) }),
    ...(byModel === undefined ? {} : { byModel }),
  };
}

/** Fills in `costUsd` from prices by model name, where the usage brings no cost of its own and names every model. */
export function priceUsage(usage: Usage, prices: Readonly<Record<string, Price>> | undefined): Usage {
  if (usage.costUsd !== undefined || prices === undefined || usage.byModel === undefined) return usage;
  let costUsd = 0;
  let unnamedCalls = usage.modelCalls;
  for (const [model, tokens] of Object.entries(usage.byModel)) {
    const price = prices[model];
    if (price === undefined) return usage;
    unnamedCalls -= tokens.modelCalls;
    costUsd += (tokens.inputTokens * price.input + tokens.outputTokens * price.output) / 1e6;
  }
  return unnamedCalls > 0 ? usage : { ...usage, costUsd };
}

type ByModel = Readonly<Record<string, ModelUsage>>;

function addByModel(a: ByModel | undefined, b: ByModel | undefined): ByModel | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum: Record<string, ModelUsage> = { ...a };
  for (const [model, tokens] of Object.entries(b)) {
    const known = sum[model];
    sum[model] =
      known === undefined
        ? tokens
        : {
            modelCalls: known.modelCalls + tokens.modelCalls,
            inputTokens: known.inputTokens + tokens.inputTokens,
            outputTokens: known.outputTokens + tokens.outputTokens,
          };
  }
  return sum;
}
