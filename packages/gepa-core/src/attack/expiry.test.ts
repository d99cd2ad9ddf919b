import { it } from 'vitest';
import { optimize } from '../optimize.ts';
const ex = (p: string, n: number) => Array.from({ length: n }, (_, i) => ({ id: `${p}${i}`, q: `${p} ${i}` }));
async function go(name: string, failWhen: (n: number, phase: string, c: any, e: any) => boolean, opts: object = {}) {
  let n = 0; const phases: Record<string, number> = {};
  const r: any = await optimize({
    adapter: { components: { s: { text: 'a' } }, async run(c: any, e: any, { phase }: any) {
      n++; phases[phase] = (phases[phase] ?? 0) + 1;
      if (failWhen(phases[phase]!, phase, c, e)) throw new Error('Unexpected response shape');
      return { output: `${c.s}:${e.q}` }; } },
    trainset: ex('t', 8), valset: ex('v', 10), testset: ex('x', 10),
    metric: ({ output }: any) => Math.min(1, output.split(':')[0].length / 6),
    propose: async ({ candidate }: any) => ({ s: candidate.s + 'b' }),
    maxMetricCalls: 150, concurrency: 1, ...opts,
  } as never).catch((e: unknown) => ({ e }));
  console.log(name, r.e ? String(r.e) : JSON.stringify({ stop: r.stopReason, best: r.bestScore, seed: r.seedScore, test: r.test && { seed: r.test.seedScore, best: r.test.bestScore, gain: r.test.gain ?? r.test.difference, ci: r.test.interval }, warn: r.warnings.filter((w: string) => !/interval|proposal|maxMetricCalls allows/.test(w)).map((w: string) => w.slice(0, 230)) }), JSON.stringify(phases));
}
it('x', async () => {
  await go('fine', () => false);
  await go('testset dies', (_n, p) => p === 'testset');
  await go('testset half dies', (n, p) => p === 'testset' && n % 2 === 0);
  await go('testset dies after 3', (n, p) => p === 'testset' && n > 3);
  await go('testset 1/3', (n, p) => p === 'testset' && n % 3 !== 0 );
  await go('testset dies but ok at end', (n, p) => p === 'testset' && n > 3 && n % 10 !== 0);
  await go('valset half dies later', (n, p) => p === 'valset' && n > 20 && n % 2 === 0);
  await go('valset all dies later', (n, p) => p === 'valset' && n > 25);
  await go('minibatch dies', (n, p) => p === 'minibatch' && n > 12);
  await go('candidates only: longer fail', (_n, _p, c) => c.s.length > 3);
}, 60_000);
