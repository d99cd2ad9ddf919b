import { diffCandidates } from '../report/diff.ts';
import { wrapText, listItem, fitted } from '../report/wrap.ts';
import { retryAfterMs } from '../calls/classify-error.ts';
const t = (n: string, f: () => unknown) => { const a = process.cpuUsage(); f(); const c = process.cpuUsage(a); console.log(n, ((c.user + c.system) / 1000).toFixed(0)); };
for (const [sh, s] of Object.entries({ cjk: (n: number) => '漢'.repeat(n), flags: (n: number) => '\u{1f1e6}'.repeat(n / 2), esc: (n: number) => '\u001b[31m'.repeat(n / 5), dots: (n: number) => '.'.repeat(n), nl: (n: number) => '\n'.repeat(n), words: (n: number) => 'word '.repeat(n / 5), surr: (n: number) => '\ud800'.repeat(n) })) for (const n of [20_000, 80_000, 320_000]) {
  const x = s(n); t(`diff ${sh} ${n}`, () => diffCandidates({ a: x } as never, { a: x.slice(3) + 'zz' } as never)); t(`wrap ${sh} ${n}`, () => wrapText(x, 80)); t(`fitted ${sh} ${n}`, () => fitted(x, 60)); t(`retry ${sh} ${n}`, () => retryAfterMs({ headers: { 'retry-after': x } }));
}
