import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { gepa } from '../../../gepa-langchain/src/index.ts';
import { ChatOpenAI } from '@langchain/openai';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { startServer, sendJson } from 'gepa-test-server';
import { optimize } from '../optimize.ts';
const cap = (re: RegExp) => (w: string) => re.test(w);
it('r', async () => {
  const srv = await startServer((q, r) => { const b = JSON.parse(q.body); const good = b.model === 'strong' || (b.temperature ?? 0) > 0.5 || (q.path.includes('v2')); sendJson(r, 200, { id: '1', model: b.model, choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: good ? 'yesyesyes' : 'no' } }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }); });
  const model = (o: object, path = '/v1') => new ChatOpenAI({ model: 'weak', apiKey: 'unused', maxRetries: 0, ...o, configuration: { baseURL: srv.url + path } });
  const chain = (m: any, tail: any = (x: any) => x.content) => ChatPromptTemplate.fromMessages([['system', 'Answer.']]).pipe(m).pipe(RunnableLambda.from(tail));
  const go = async (p: any, runDir: string, max: number) => { const r: any = await gepa(p).compile({ trainset: [{ input: {}, id: 'a' }, { input: { x: 1 }, id: 'b' }], valset: [{ input: { v: 1 }, id: 'v' }, { input: { v: 2 }, id: 'w' }], testset: [{ input: { t: 1 }, id: 't' }, { input: { t: 2 }, id: 'u' }], metric: ({ output }: any) => output.length / 10, propose: async ({ candidate }: any) => Object.fromEntries(Object.entries(candidate).map(([k, v]) => [k, v + '!'])), acceptanceCriterion: 'improvement_or_equal', maxMetricCalls: max, runDir } as never); return r.result; };
  const variants: [string, () => any][] = [
    ['same', () => chain(model({}))], ['model', () => chain(model({ model: 'strong' }))], ['temperature', () => chain(model({ temperature: 0.9 }))], ['url', () => chain(model({}, '/v2'))], ['maxTokens', () => chain(model({ maxTokens: 77 }))], ['lambda', () => chain(model({}), (x: any) => `${x.content}${'yes'.repeat(2)}`)], ['withConfig stop', () => chain((model({}) as any).withConfig({ stop: ['x'] }))], ['fallbacks', () => chain((model({}) as any).withFallbacks([model({ model: 'strong' })]))], ['key', () => chain(model({ apiKey: 'another-key-1' }))],
  ];
  for (const [n, mk] of variants) { const runDir = mkdtempSync(join(tmpdir(), 're-')); const a = await go(chain(model({})), runDir, 14); let b: any; try { b = await go(mk(), runDir, 24); } catch (e) { console.log(n, '=> THREW', String(e).slice(0, 300)); continue; }
    console.log(n, '=>', JSON.stringify({ before: a.test?.bestScore, seed: b.seedScore, test: b.test && [b.test.seedScore, b.test.bestScore, b.test.gain], warn: b.warnings.filter(cap(/chang/i)).map((w: string) => w.slice(0, 260)) })); }
  await srv.close();
}, 60_000);
it('f', async () => {
  const ex = [{ q: 1 }, { q: 2 }];
  const go = (run: any, runDir: string, max: number, more: object = {}) => optimize({ seedCandidate: { s: 'a' }, run, trainset: ex, valset: [{ q: 3 }, { q: 4 }], testset: [{ q: 5 }], metric: ({ output }: any) => output / 10, propose: async ({ candidate }: any) => ({ s: candidate.s + '!' }), acceptanceCriterion: 'improvement_or_equal', maxMetricCalls: max, runDir, ...more } as never) as any;
  const mk = (factor: number) => async () => ({ output: factor });
  for (const [n, a, b, m] of [['source', async () => ({ output: 3 }), async () => ({ output: 9 }), {}], ['closure', mk(3), mk(9), {}], ['metric', mk(3), mk(3), { metric: ({ output }: any) => output / 5 }]] as any) { const d = mkdtempSync(join(tmpdir(), 're-')); await go(a, d, 12); const r = await go(b, d, 22, m).catch((e: Error) => ({ e })); console.log('fn', n, '=>', r.e ? String(r.e) : JSON.stringify({ seed: r.seedScore, test: r.test && [r.test.seedScore, r.test.bestScore], warn: r.warnings.filter(cap(/chang/i)).map((w: string) => w.slice(0, 240)) })); }
}, 60_000);
