import { optimize } from 'gepa-core';
import { scoreOf } from './scores.ts';

// One measured run in a process of its own: node engine-run.ts <valset size> <iterations>
const [valsetSize, iterations] = process.argv.slice(2).map(Number) as [number, number];
const valset = Array.from({ length: valsetSize }, (_, i) => i);
const trainset = Array.from({ length: 100 }, (_, i) => 1_000_000 + i);
let proposals = 0;

const startedAt = performance.now();
const result = await optimize({
  seedCandidate: { prompt: '0' },
  run: (candidate, example: number) => ({ output: scoreOf(Number(candidate.prompt), example) }),
  metric: ({ output }) => output,
  propose: async () => ({ prompt: String(++proposals) }),
  trainset,
  valset,
  maxIterations: iterations,
});
console.log(
  JSON.stringify({
    seconds: (performance.now() - startedAt) / 1000,
    accepted: result.candidates.length - 1,
    iterations: result.iterations,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    best: result.bestIndex,
  }),
);
