import { serveRollouts } from 'gepa-core/bullmq';
import { busyMetric, busyProgram } from './program.ts';

const [port, concurrency] = process.argv.slice(2);
await serveRollouts(busyProgram, {
  connection: { host: '127.0.0.1', port: Number(port) },
  queue: 'bench',
  metric: busyMetric,
  concurrency: Number(concurrency),
});
process.send?.('ready');
