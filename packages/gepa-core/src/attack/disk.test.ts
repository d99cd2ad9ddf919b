import { execSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { optimize } from '../optimize.ts';
const ex = (p: string, n: number) => Array.from({ length: n }, (_, i) => ({ id: `${p}${i}`, q: `${p} ${i}` }));
function opts(runDir: string, size: number, o: object = {}) {
  const s = { runs: 0, asks: 0 };
  return { s, o: { adapter: { components: { s: { text: 'a' } }, async run(c: any) { s.runs++; return { output: c.s + 'x'.repeat(size) }; } },
    trainset: ex('t', 6), valset: ex('v', 6), metric: ({ output }: any) => Math.min(1, (output.length - size) / 30),
    propose: async ({ candidate }: any) => { s.asks++; return { s: candidate.s + 'b' }; }, maxMetricCalls: 200, runDir, concurrency: 2, ...o } as never };
}
it('disk full', async () => {
  const mnt = mkdtempSync(join(tmpdir(), 'mnt-'));
  execSync(`mount -t tmpfs -o size=1m tmpfs ${mnt}`);
  try {
    const a = opts(join(mnt, 'run'), 60_000);
    const r: any = await optimize(a.o).catch((e) => ({ e }));
    console.log('full during', r.e ? String(r.e) : [r.stopReason, r.totalMetricCalls, a.s, r.warnings.at(-1)], execSync(`df ${mnt} | tail -1; ls -la ${mnt}/run`).toString());
    const b = opts(join(mnt, 'run'), 60_000);
    const r2: any = await optimize(b.o).catch((e) => ({ e }));
    console.log('resume on full', r2.e ? String(r2.e) : [r2.stopReason, r2.totalMetricCalls, r2.warnings.at(-1)], b.s);
    const c = opts(join(mnt, 'other'), 60_000);
    const r3: any = await optimize(c.o).catch((e) => ({ e }));
    console.log('new on full', r3.e ? String(r3.e) : [r3.stopReason, r3.totalMetricCalls, r3.warnings.at(-1)], c.s);
    // nearly full: 3 kB left
    execSync(`rm -rf ${mnt}/other; truncate -s 0 ${mnt}/run/events.jsonl || true`);
    for (const left of [1000, 4096, 8192, 20000]) {
      execSync(`rm -f ${mnt}/fill`); const free = Number(execSync(`df -B1 --output=avail ${mnt} | tail -1`).toString());
      if (free > left) execSync(`head -c ${free - left} /dev/zero > ${mnt}/fill || true`);
      const d = opts(join(mnt, 'run'), 60_000); const r4: any = await optimize(d.o).catch((e) => ({ e }));
      console.log('resume, left', left, free, r4.e ? String(r4.e) : [r4.stopReason, r4.totalMetricCalls, r4.warnings.at(-1)?.slice(0, 200)], d.s);
    }
    execSync(`rm -f ${mnt}/fill; mount -o remount,size=40m ${mnt}`);
    const e2 = opts(join(mnt, 'run'), 60_000); const r5: any = await optimize(e2.o).catch((e) => ({ e }));
    console.log('resume with room', r5.e ? String(r5.e) : [r5.stopReason, r5.totalMetricCalls, r5.warnings.slice(-2)], e2.s);
    // read-only
    execSync(`mount -o remount,ro ${mnt}`);
    const f = opts(join(mnt, 'ro'), 10); const r6: any = await optimize(f.o).catch((e) => ({ e })); console.log('read-only', r6.e ? String(r6.e) : r6.stopReason, f.s);
    const g = opts(join(mnt, 'run'), 60_000, { maxMetricCalls: 220 }); const r7: any = await optimize(g.o).catch((e) => ({ e })); console.log('read-only resume', r7.e ? String(r7.e) : r7.stopReason, g.s);
  } finally { execSync(`umount -l ${mnt}`); }
}, 60_000);
it('deleted', async () => {
  for (const how of ['all', 'journal', 'replaced', 'renamed', 'lock']) {
    const runDir = mkdtempSync(join(tmpdir(), 'del-'));
    let n = 0;
    const a = opts(runDir, 100);
    (a.o as any).adapter.run = async (c: any) => { if (++n === 20) { if (how === 'all') rmSync(runDir, { recursive: true }); if (how === 'journal') rmSync(join(runDir, 'journal.jsonl')); if (how === 'replaced') { rmSync(runDir, { recursive: true }); mkdirSync(runDir); } if (how === 'renamed') execSync(`mv ${runDir} ${runDir}-moved`); if (how === 'lock') rmSync(join(runDir, 'lock')); } return { output: c.s + 'x'.repeat(100) }; };
    const r: any = await optimize(a.o).catch((e) => ({ e }));
    console.log('deleted', how, r.e ? String(r.e) : [r.stopReason, r.totalMetricCalls, n, r.warnings.at(-1)?.slice(0, 200)], existsSync(runDir) && readdirSync(runDir));
  }
}, 60_000);
