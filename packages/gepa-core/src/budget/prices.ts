import { OptionsError } from '../errors.ts';
import type { Price, PriceOf, Usage } from './usage.ts';

/**
 * The prices of models: the caller's own, or else those of the catalogue `@pydantic/genai-prices`. Surcharges for long
 * prompts (above 200,000 tokens, for example) and fees that are not for tokens are not included.
 */
export class PriceBook {
  readonly #own: Readonly<Record<string, Price>>;
  #catalogue: Catalogue | undefined;
  /** A look-up in the catalogue takes a millisecond. */
  readonly #known = new Map<string, Price | undefined>();

  constructor(own: Readonly<Record<string, Price>> = {}) {
    this.#own = own;
  }

  /** Loads the catalogue from its package, not over the network: half a megabyte, in a chunk of its own. */
  async load(): Promise<this> {
    this.#catalogue ??= await import('@pydantic/genai-prices');
    return this;
  }

  /** Loads the catalogue if the cost of a usage depends on it. */
  async loadFor({ byModel = {}, costUsd }: Usage): Promise<void> {
    const isNeeded = (model: string) => ownPrice(this.#own, model) === undefined;
    if (costUsd === undefined && Object.keys(byModel).some(isNeeded)) await this.load();
  }

  /** Until the catalogue is loaded, only the caller's own prices are known. */
  readonly priceOf: PriceOf = (model) => {
    const catalogue = this.#catalogue;
    if (catalogue === undefined) return ownPrice(this.#own, model);
    if (!this.#known.has(model)) {
      this.#known.set(model, ownPrice(this.#own, model) ?? cataloguePrice(catalogue, model));
    }
    return this.#known.get(model);
  };

  /** The context window of a model in tokens, by the catalogue. */
  contextOf(model: string): number | undefined {
    const entries = this.#catalogue === undefined ? [] : entriesOf(this.#catalogue, model);
    return entries.map((entry) => entry.model.context_window).find((tokens) => tokens !== undefined);
  }
}

/**
 * Refuses models without a known price under `maxCostUsd`, before anything is spent.
 *
 * @throws {OptionsError}
 */
export function checkPrices(models: readonly string[], priceOf: PriceOf): void {
  const unknown = [...new Set(models)].filter((model) => priceOf(model) === undefined);
  if (unknown.length === 0) return;
  const entries = unknown.map((model) => `'${model}': { input: 1, output: 2 }`).join(', ');
  throw new OptionsError([
    `\`maxCostUsd\` is set, but the price of ${unknown.join(' and of ')} is unknown. Set it in US dollars per million tokens (0 for a free model): prices: { ${entries} }.`,
  ]);
}

type ModelName = ReturnType<typeof readName>;

/** The parts of a model name: `openai/gpt-4.1-2025-04-14` has a provider, a base name and a date. */
function readName(name: string) {
  const [, provider, rest = name] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  const [, base = rest, date] = /^(.+)[-@](\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest)$/s.exec(rest) ?? [];
  // A name without a date means the latest one.
  return { base, provider, date: date === 'latest' ? undefined : date };
}

/** The caller's price for this name, or for another name of the same model, with or without provider and date. */
function ownPrice(own: Readonly<Record<string, Price>>, model: string): Price | undefined {
  if (Object.hasOwn(own, model)) return own[model];
  const name = readName(model);
  const [closest] = Object.keys(own)
    .map((given) => ({ given, likeness: likeness(readName(given), name) }))
    .filter(({ likeness }) => likeness > 0)
    .sort((a, b) => b.likeness - a.likeness);
  return closest === undefined ? undefined : own[closest.given];
}

/** 0 for different models; otherwise the number of parts of the names that agree. */
function likeness(a: ModelName, b: ModelName): number {
  const inPart = (part: 'provider' | 'date') =>
    a[part] === b[part] ? 1 : a[part] === undefined || b[part] === undefined ? 0.5 : 0;
  return a.base === b.base ? inPart('provider') * inPart('date') : 0;
}

type Catalogue = Pick<typeof import('@pydantic/genai-prices'), 'calcPrice' | 'findProvider'>;

type Entry = NonNullable<ReturnType<Catalogue['calcPrice']>>;

/** A name with a provider that the catalogue does not know, such as `local/gpt-4.1`, has no entry. */
function entriesOf(catalogue: Catalogue, model: string): Entry[] {
  const { provider, base } = readName(model);
  const undated = provider === undefined ? base : `${provider}/${base}`;
  return [...new Set([model, undated, ...aliasesOf(model)])].flatMap(
    (name) => entryOf(catalogue, name) ?? [],
  );
}

/** Names of other forms as the catalogue has them: the models of Google and its Vertex AI, and those of Bedrock. */
function aliasesOf(model: string): string[] {
  const google = /(?:^|^publishers\/[^/]+\/|\/publishers\/[^/]+\/)models\/([^/]+)$/.exec(model)?.[1];
  if (google !== undefined) return [`google/${google}`];
  // Before the vendor may be a region, and after the version the size of the context.
  const bedrock = /(?:^|[/:])((?:[a-z-]+\.)?[a-z0-9]+\.[\w.-]+(?::\d+)?)(?::\d+k)?$/.exec(model)?.[1];
  return bedrock === undefined ? [] : [`aws/${bedrock}`];
}

function entryOf({ calcPrice, findProvider }: Catalogue, model: string): Entry | undefined {
  const [prefix = '', ...rest] = model.split('/');
  const provider =
    rest.length === 0
      ? undefined
      : // Some clients write `togetherai` and `fireworks-ai` for `together` and `fireworks`.
        (findProvider({ providerId: prefix }) ?? findProvider({ providerId: prefix.replace(/-?ai$/, '') }));
  const found =
    provider === undefined
      ? calcPrice({}, model)
      : calcPrice({}, rest.join('/'), { providerId: provider.id });
  return found ?? undefined;
}

/**
 * OpenAI charges at most twice the price of the base model for its fine-tuned models since gpt-4o. The catalogue lacks
 * them.
 */
const fineTunedFactor = 2;

function cataloguePrice(catalogue: Catalogue, model: string): Price | undefined {
  const base = /^(?:openai\/)?ft:(gpt-(?:4o|4\.|5)[^:]*):/.exec(model)?.[1];
  const factor = base === undefined ? 1 : fineTunedFactor;
  return entriesOf(catalogue, base ?? model)
    .map((entry) => priceOfEntry(entry, factor))
    .find((price) => price !== undefined);
}

function priceOfEntry({ model_price }: Entry, factor: number): Price | undefined {
  const dollars = (price: number | { readonly base: number } | undefined) => {
    // The price of short prompts, where long prompts cost more.
    const base = typeof price === 'object' ? price.base : price;
    return base === undefined ? undefined : factor * base;
  };
  const { input_mtok, cache_read_mtok, cache_write_mtok, output_mtok } = model_price;
  const [input, output] = [dollars(input_mtok), dollars(output_mtok)];
  if (input === undefined || output === undefined) return undefined;
  return { input, cachedInput: dollars(cache_read_mtok), cacheWrite: dollars(cache_write_mtok), output };
}
