import { mkdtempSync, readFileSync, rmSync, existsSync, writeFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { optimize } from '../optimize.ts';
import { describeResult, diffCandidates, describeEstimate } from '../report/index.ts';
import * as report from '../report/index.ts';
import { visible } from '../report/visible.ts';
const dir = () => mkdtempSync(join(tmpdir(), 'nm-'));
const names = ['__proto__', 'toString', 'constructor', 'hasOwnProperty', 'valueOf'];
const evil = '\u202eevil\u202c\u200b\u2066x\u2069\u001b[31mred\u0007';
it('names', async () => {
  const runDir = dir();
  const components: any = Object.fromEntries(names.map((n) => [n, { text: 'base' }]));
  Object.defineProperty(components, '__proto__', { value: { text: 'base' }, enumerable: true, configurable: true, writable: true });
  const seen = new Set<string>();
  const mk = () => ({
    adapter: { components, async run(c: any, e: any) { for (const n of names) if (typeof Object.getOwnPropertyDescriptor(c, n)?.value !== 'string') seen.add('bad ' + n); return { output: names.map((n) => Object.getOwnPropertyDescriptor(c, n)?.value).join('|'), trace: [{ kind: 'model', name: 'x', input: 'i', output: 'o', components: names }] }; } },
    trainset: names.map((n) => ({ id: n, q: n })), valset: names.map((n) => ({ id: 'v' + n, q: n, [n]: 1 })), testset: [{ id: '__proto__', q: 'z' }],
    metric: ({ output }: any) => ({ score: Math.min(1, output.length / 60), feedback: 'f', objectives: { ['__proto__']: 0.5, toString: Math.min(1, output.length / 60), constructor: 0.2 } }),
    frontierType: 'hybrid', reflectionModel: async ({ prompt }: any) => { const ns = names.filter((n) => prompt.includes(n)); return ns.map((n) => `<${n}>`).join('') + '```\nbetter ' + prompt.length + '\n```'; },
    maxMetricCalls: 60, runDir, useMerge: true, report: undefined,
  });
  const r: any = await optimize(mk() as never).catch((e) => ({ e }));
  console.log('names', r.e ?? [r.stopReason, r.bestScore, r.candidates.length, Object.keys(r.best?.texts ?? r.bestCandidate ?? {}), JSON.stringify(r.candidates.at(-1)), r.warnings], [...seen]);
  const again: any = await optimize({ ...mk(), maxMetricCalls: 80 } as never).catch((e) => ({ e }));
  console.log('resume', again.e ?? [again.stopReason, again.totalMetricCalls]);
}, 60_000);
it('examples', async () => {
  class Keep { n = 0; }
  const keep = new Keep();
  const mkset = (p: string) => Array.from({ length: 4 }, (_, i) => ({ id: p + i, input: { q: 'q', list: [1, 2], when: new Date(5), map: new Map([['a', { b: 1 }]]), keep, buf: new Uint8Array([1, 2]), fn: () => 1, re: /x/g, err: new Error('boo'), nul: Object.assign(Object.create(null), { a: 1 }), sym: Symbol.for('k') } as any }));
  const sets = [mkset('t'), mkset('v'), mkset('x')] as const;
  const before = JSON.stringify(sets.map((s) => s.map((e) => [e.input.q, e.input.list, +e.input.when, [...e.input.map], [...e.input.buf], e.input.re.lastIndex, e.input.nul])));
  const problems = new Set<string>();
  await optimize({
    adapter: { components: { s: { text: 'a' } }, async run(c: any, e: any) {
      const i = e.input;
      if (i.q !== 'q' || i.list.length !== 2 || i.map.get('a')?.b !== 1 || +i.when !== 5 || i.buf[0] !== 1 || i.re.lastIndex !== 0 || i.nul.a !== 1) problems.add('run sees mutation ' + [i.q, i.list.length, i.map.get('a')?.b, +i.when, i.buf[0], i.re.lastIndex, i.nul.a]);
      if (i.keep !== keep) problems.add('class instance copied');
      if (typeof i.fn !== 'function') problems.add('fn lost'); if (i.sym !== Symbol.for('k')) problems.add('sym lost');
      i.q = 'changed'; i.list.push(3); i.map.get('a').b = 2; i.when.setTime(9); i.buf[0] = 9; i.re.lastIndex = 3; i.nul.a = 2; e.id = 'hacked'; delete i.err;
      return { output: c.s }; } },
    trainset: sets[0], valset: sets[1], testset: sets[2],
    metric: ({ example, output }: any) => { const i = example.input; if (i.q !== 'q' || i.list.length !== 2 || i.map.get('a')?.b !== 1 || i.nul.a !== 1 || i.re.lastIndex !== 0 || i.buf[0] !== 1) problems.add('metric sees mutation'); if (example.id === 'hacked') problems.add('metric id'); return output.length / 9; },
    propose: async ({ candidate }: any) => ({ s: candidate.s + 'b' }), maxMetricCalls: 40,
  } as never);
  const after = JSON.stringify(sets.map((s) => s.map((e) => [e.input.q, e.input.list, +e.input.when, [...e.input.map], [...e.input.buf], e.input.re.lastIndex, e.input.nul])));
  console.log('examples', [...problems], before === after);
}, 60_000);
