import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { gepa } from '../../../gepa-langchain/src/index.ts';
import { ChatOpenAI } from '@langchain/openai';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnableLambda } from '@langchain/core/runnables';
import { startServer, sendJson } from 'gepa-test-server';

const K = {
  hex: 'a3f9c04b77d1e2f8a3f9c04b77d1e2f8',
  short: 'Zk39-qqX',
  quoted: 'ab"cd\\ef12345',
  header: 'hdr-4f5g6h7j8k',
  subscription: 'sub 77 plus key',
  token: 'tok0123456789ab',
  userpass: 'p4ss/w0rd+x9',
  query: 'q-9182736455',
  apiToken: 'cf-tok-5544332211',
  listed: 'list-key-998877',
  accessKey: 'acc-key-112233xx',
  fnkey: 'func-key-445566zz',
  jwt: 'opaquejwt-7777-8888',
};
it('attack', async () => {
  const prompts: string[] = [];
  const srv = await startServer((req, res) => {
    const all = Object.values(K).join(' | ');
    const body = JSON.parse(req.body);
    const isReflect = JSON.stringify(body.messages).includes('```');
    if (isReflect) prompts.push(req.body);
    const message = { role: 'assistant', content: isReflect ? '```\nAnswer better ' + prompts.length + '.\n```' : `no: ${all}` };
    sendJson(res, 200, { id: '1', model: 'm', choices: [{ index: 0, finish_reason: 'stop', message }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  });
  const model = new ChatOpenAI({ model: 'm', apiKey: K.hex, configuration: { baseURL: srv.url + '/v1?key=' + K.query, defaultHeaders: { 'X-Api-Key': K.header, 'Ocp-Apim-Subscription-Key': K.subscription, 'X-Auth-Token': K.token, Authorization: 'Bearer ' + K.quoted, 'X-API-Token': K.apiToken, 'x-access-key': K.accessKey, 'x-functions-key': K.fnkey } } as never });
  const prog = ChatPromptTemplate.fromMessages([['system', 'Answer.'], ['human', '{q}']]).pipe(model).pipe(Object.assign(RunnableLambda.from((m: any) => m.content), { config2: { password: K.userpass, apiToken: K.short, apiKeys: [K.listed], jwt: K.jwt } }));
  const runDir = mkdtempSync(join(tmpdir(), 'leak-'));
  const events: unknown[] = [];
  const target = gepa(prog as never);
  const out: any = await target.compile({
    trainset: Array.from({ length: 4 }, (_, i) => ({ input: { q: 'q' + i }, expected: 'x', id: 'e' + i })) as never,
    metric: (({ output }: any) => ({ score: output.length % 7 / 10, feedback: 'bad: ' + output })) as never,
    reflectionModel: model as never, maxMetricCalls: 20, runDir, report: join(runDir, 'report.html'),
    onEvent: (e: unknown) => events.push(e),
  } as never).catch((e: unknown) => ({ e }));
  await srv.close();
  if (out.e) console.log(out.e); else console.log(out.result.warnings, out.result.stopReason, out.result.candidates.length);
  const files: Record<string, string> = Object.fromEntries(readdirSync(runDir).filter((f) => f !== 'lock').map((f) => [f, readFileSync(join(runDir, f), 'utf8')]));
  files.events = JSON.stringify(events); files.prompts = prompts.join('\n');
  files.inspectResult = inspect(out, { depth: 9 }); files.json = JSON.stringify(out);
  const rows = Object.entries(K).map(([n, k]) => [n, ...Object.entries(files).filter(([, t]) => t.includes(k) || t.includes(JSON.stringify(k).slice(1, -1))).map(([f]) => f)]);
  console.log(rows.map((r) => r.join(' ')).join('\n'), Object.keys(files), prompts.length);
  expect(1).toBe(1);
}, 60_000);
