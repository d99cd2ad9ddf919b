import { it } from 'vitest';
import { gepa } from '../../../gepa-langchain/src/index.ts';
import { ChatOpenAI } from '@langchain/openai';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { startServer, sendJson } from 'gepa-test-server';
it('u', async () => {
  let usage: unknown;
  const srv = await startServer((_q, r) => sendJson(r, 200, { id: '1', model: 'm', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'yes' } }], ...(usage === undefined ? {} : { usage }) }));
  for (const u of [undefined, null, {}, 'x', { prompt_tokens: 10 }, { completion_tokens: 5 }, { total_tokens: 500 }, { prompt_tokens: '10', completion_tokens: '5' }, { prompt_tokens: -10, completion_tokens: 5, total_tokens: -5 }, { prompt_tokens: 10, completion_tokens: -5 }, { prompt_tokens: 10, completion_tokens: 5, total_tokens: 900 }, { prompt_tokens: 10, completion_tokens: 0, total_tokens: 10 }, { prompt_tokens: 0, completion_tokens: 0 }, { prompt_tokens: 10.5, completion_tokens: 5.5 }, { prompt_tokens: 1e309, completion_tokens: 5 }, { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 700 } }, { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4000 } }, { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: -4000 } }]) {
    usage = u;
    const model = new ChatOpenAI({ model: 'm', apiKey: 'unused', maxTokens: 1000, maxRetries: 0, configuration: { baseURL: srv.url + '/v1' } });
    const r: any = await gepa(ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(model)).compile({ trainset: [{ input: {} }, { input: {} }] as never, metric: () => 0.5, propose: async () => ({}), maxMetricCalls: 2, maxIterations: 1, maxCostUsd: 1, prices: { m: { input: 1, output: 10 } } } as never).catch((e) => ({ e }));
    console.log(JSON.stringify(u), '=>', r.e ? String(r.e).slice(0, 200) : JSON.stringify([r.result.usage, r.result.uncertain ?? r.result.spend?.uncertain, r.result.warnings.filter((w: string) => /usage|report|unknown|uncertain/i.test(w)).map((w: string) => w.slice(0, 150))]));
  }
  await srv.close();
}, 60_000);
