import { evaluate } from 'gepa-core';
import { bullmq } from 'gepa-core/bullmq';
import { busyMetric, busyProgram } from './program.ts';

// Prints the seconds of an evaluation and the peak memory of this process, which is the optimizing one.
const [port, examples, busyMs, concurrency] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const startedAt = performance.now();
const { metricCalls } = await evaluate({
  adapter: busyProgram,
  metric: busyMetric,
  examples: Array.from({ length: examples }, (_, i) => ({ id: `${i}`, busyMs })),
  concurrency,
  ...(port === 0 ? {} : { rollouts: bullmq({ connection: { host: '127.0.0.1', port }, queue: 'bench' }) }),
});
const seconds = (performance.now() - startedAt) / 1000;
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ metricCalls, seconds, peakMegabytes }));
process.exit();
