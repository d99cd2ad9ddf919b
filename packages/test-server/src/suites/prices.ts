import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenAIServer, startOpenAIServer } from '../openai-server.ts';

/** US dollars per million tokens. */
export interface TestPrice {
  readonly input: number;
  readonly cachedInput?: number;
  readonly output: number;
}

interface TestUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens?: number;
  readonly costUsd?: number;
  readonly byModel?: Readonly<Record<string, Omit<TestUsage, 'byModel'>>>;
}

interface Models {
  readonly program: string;
  readonly reflection: string;
}

export interface PriceSubject {
  /** A text that the program's component can take. */
  readonly improvedText: string;
  /** A model that the catalogue does not price. */
  readonly unpriced: string;
  /** Models that the catalogue prices; usage must report them under these names, the program's first. */
  readonly priced: Models;
  /** Prices of the caller, and by which of them each model must be charged, under the name that usage reports. */
  readonly own: {
    readonly models: Models;
    readonly prices: Readonly<Record<string, TestPrice>>;
    readonly charged: Readonly<Record<string, TestPrice>>;
  };
  /** `OptionsError` of gepa-core. */
  readonly refusal: new (
    ...args: never
  ) => Error;
  /** Compiles a program of one model for one iteration under `maxCostUsd: 1`. */
  compile(
    server: OpenAIServer,
    models: Models,
    prices?: Readonly<Record<string, TestPrice>>,
  ): Promise<{ readonly result: { readonly usage: TestUsage } }>;
}

/** Where the prices of a framework's models come from, as a vitest suite. */
export function priceSuite(name: string, subject: PriceSubject): void {
  const { compile, unpriced, priced, own } = subject;

  describe(`prices: ${name}`, () => {
    let server: OpenAIServer;
    beforeEach(async () => {
      const content = `\`\`\`\n${subject.improvedText}\n\`\`\``;
      server = await startOpenAIServer(() => ({ content, cachedTokens: 2 }));
    });
    afterEach(() => server.close());

    it.each<[string, Models]>([
      ['program', { program: unpriced, reflection: priced.reflection }],
      ['reflection', { program: priced.reflection, reflection: unpriced }],
    ])('maxCostUsd refuses a %s model without a price before any call', async (_, models) => {
      const running = compile(server, models);
      await expect(running).rejects.toThrow(subject.refusal);
      await expect(running).rejects.toThrow(`prices: { '${unpriced}': { input: 1, output: 2 } }`);
      expect(server.requests).toEqual([]);
    });

    it('the catalogue prices the calls of the program and of the reflection model', async () => {
      const { costUsd, byModel = {} } = (await compile(server, priced)).result.usage;
      expect(Object.keys(byModel)).toEqual([priced.program, priced.reflection]);
      expect(costUsd).toBeGreaterThan(0);
    });

    it("a price of the caller replaces the catalogue's, and cached tokens have their own price", async () => {
      const { costUsd, byModel = {} } = (await compile(server, own.models, own.prices)).result.usage;
      expect(Object.keys(byModel).sort()).toEqual(Object.keys(own.charged).sort());
      expect(byModel[own.models.program]?.cachedInputTokens).toBeGreaterThan(0);
      const costs = Object.entries(byModel).map(([model, { inputTokens, cachedInputTokens = 0 }]) => {
        const { input, cachedInput = input } = own.charged[model]!;
        return ((inputTokens - cachedInputTokens) * input + cachedInputTokens * cachedInput) / 1e6;
      });
      expect(costUsd).toBeCloseTo(
        costs.reduce((sum, cost) => sum + cost, 0),
        9,
      );
    });
  });
}
