import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { it } from 'vitest';
import { optimize } from '../optimize.ts';
import { runCli } from '../cli/cli.ts';
import * as cli from '../cli/cli.ts';
import * as report from '../report/index.ts';
import { evaluate } from '../evaluate/evaluate.ts';
const evil = '\u202eevil\u202c\u200b\u2066x\u2069\u001b[31mred\u0007\u{e0041}\u2028\u009bm';
const bad = /[\u202a-\u202e\u200b\u2066-\u2069\u0007\u{e0041}\u2028\u009b]|\u001b\[31mred/u;
it('bidi', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'bd-'));
  const written: string[] = [];
  const out: Record<string, string> = {};
  const orig = process.stderr.write.bind(process.stderr);
  (process.stderr as any).write = (s: any) => { written.push(String(s)); return true; };
  let k = 0;
  let r: any;
  try {
    r = await optimize({
      adapter: { components: { [`n${evil}`]: { text: `base ${evil}` } }, models: [`m${evil}`], async run(c: any, e: any) { const t = Object.values(c)[0] as string; if (e.q === 3) throw new Error('boom ' + evil); return { output: t }; } },
      trainset: [1, 2, 3].map((i) => ({ id: `id${i}${evil}`, q: i })), valset: [4, 5, 3].map((i) => ({ id: `v${i}${evil}`, q: i })), testset: [{ id: 't' + evil, q: 9 }],
      metric: ({ output, example }: any) => ({ score: Math.min(1, output.length / 80), feedback: evil, objectives: { [`o${evil}`]: Math.min(1, output.length / 80) } }),
      reflectionModel: async () => { k++; if (k === 3) throw new Error('400 ' + evil); return '```\nbetter '.concat(evil, ' ', 'y'.repeat(k * 5), '\n```'); },
      maxMetricCalls: 60, runDir, progress: true, frontierType: 'hybrid',
    } as never);
  } catch (e) { r = { e }; }
  (process.stderr as any).write = orig;
  out.progress = written.join('');
  if (r.e) { out.errorMessage = String(r.e.message); }
  else {
    out.summary = report.summarize(r); out.diff = report.diffCandidates(r.candidates[0].texts, r.best?.texts ?? r.bestCandidate); out.inspect = inspect(r, { depth: 5 });
    out.warnings = '';
  }
  for (const args of [['show', runDir], ['diff', runDir], ['ls', join(runDir, '..')], ['show', runDir, '--candidate', '1'], ['show', runDir, '--json'], ['export', runDir], ['show', `no${evil}`], [evil], ['diff', runDir, '9' + evil], ['show', runDir, '--x' + evil]]) {
    let text = '';
    await (cli as any)[Object.keys(cli).find((n) => /run|main|cli/i.test(n))!](args, { out: (t: string) => { text += t + '\n'; }, err: (t: string) => { text += t + '\n'; }, color: false, columns: 100 }).catch((e: Error) => { text += 'THREW ' + e.message; });
    out['cli ' + args[0]!.slice(0, 4) + ' ' + (args.slice(2).join(' ').slice(0, 12)) + (args[0] === evil ? 'evil' : '')] = text;
  }
  const ev: any = await evaluate({ adapter: { components: { [`n${evil}`]: { text: 'x' } }, async run() { return { output: 'o' }; } }, examples: [{ id: 'e' + evil, q: 1 }], metric: () => ({ score: 0.5, feedback: evil }) } as never).catch((e) => ({ e }));
  out.evaluation = ev.e ? String(ev.e.message) : inspect(ev, { depth: 4 }) + String(ev);
  for (const [n, t] of Object.entries(out)) { const m = bad.exec(t); console.log(m ? 'LEAK' : 'ok', n, t.length, m ? JSON.stringify(t.slice(Math.max(0, m.index - 60), m.index + 40)) : JSON.stringify(t.slice(0, 70))); }
}, 60_000);
