import type { Adapter } from 'gepa-core/adapter';

/** An example that keeps the processor busy for some milliseconds, or none. */
export interface BusyExample {
  readonly id: string;
  readonly busyMs: number;
}

/** A program without a model, which only computes. */
export const busyProgram: Adapter<BusyExample, number> = {
  components: { text: { text: 'base' } },
  run: async (_candidate, { busyMs }) => {
    const end = process.cpuUsage().user + busyMs * 1000;
    let sum = 0;
    // Processor time, so that other processes on the machine change nothing.
    while (busyMs > 0 && process.cpuUsage().user < end) for (let i = 0; i < 10_000; i++) sum += Math.sqrt(i);
    return { output: sum };
  },
};

export const busyMetric = () => 0.5;
