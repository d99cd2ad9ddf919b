import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Queue } from 'bullmq';
import { Redis } from 'gepa-test-server/redis';

/** Measures rollouts in worker processes on one machine: see the README. */
const { values } = parseArgs({ options: { queued: { type: 'string', default: '100000' } } });
const execArgv = ['--conditions=gepa-source'];

interface Figure {
  readonly metricCalls: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
}

await using redis = await Redis.start();
const jobs = new Queue('bench', { connection: redis.connection });

function measure(port: number, examples: number, busyMs: number, concurrency: number): Figure {
  const args = [
    ...execArgv,
    join(import.meta.dirname, 'measure.ts'),
    ...[port, examples, busyMs, concurrency].map(String),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function withWorkers<T>(count: number, concurrency: number, work: () => T): Promise<T> {
  const workers = Array.from({ length: count }, () =>
    fork(join(import.meta.dirname, 'worker.ts'), [`${redis.port}`, `${concurrency}`], { execArgv }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  try {
    return work();
  } finally {
    await Promise.all(workers.map(stop));
  }
}

async function stop(worker: ChildProcess): Promise<void> {
  worker.kill('SIGKILL');
  await once(worker, 'exit');
}

const seconds = ({ seconds }: Figure) => seconds.toFixed(2);

console.log(`On ${availableParallelism()} cores.\n\n60 rollouts of 100 ms of processor time:`);
console.log(`in one process: ${seconds(measure(0, 60, 100, 8))} s`);
for (const count of [1, 2, 4]) {
  const figure = await withWorkers(count, 1, () => measure(redis.port, 60, 100, 8));
  console.log(`${count} workers: ${seconds(figure)} s`);
}

console.log('\nRollouts that take no time, 8 at once:');
const perRollout = (figure: Figure) => ((figure.seconds / figure.metricCalls) * 1000).toFixed(3);
console.log(`in one process: ${perRollout(measure(0, 2_000, 0, 8))} ms each`);
const overhead = await withWorkers(1, 8, () => measure(redis.port, 2_000, 0, 8));
console.log(`1 worker: ${perRollout(overhead)} ms each`);

const queued = Number(values.queued);
console.log(`\n${queued} rollouts, one worker with 50 at once:`);
for (const inQueue of [1_000, queued]) {
  const figure = await withWorkers(1, 50, () => measure(redis.port, queued, 0, inQueue));
  console.log(
    `${inQueue} in the queue at once: ${seconds(figure)} s, peak ${figure.peakMegabytes.toFixed(0)} MB in the optimizing process`,
  );
}
const local = measure(0, queued, 0, queued);
console.log(`in one process: ${seconds(local)} s, peak ${local.peakMegabytes.toFixed(0)} MB`);
const client = await jobs.getBackend().client;
const memory = /used_memory_peak:(\d+)[\s\S]*/.exec(await client.info());
console.log(`Redis: peak ${(Number(memory?.[1]) / 1e6).toFixed(0)} MB`);
console.log(`Left in the queue: ${JSON.stringify(await jobs.getJobCounts())}`);
await jobs.close();
