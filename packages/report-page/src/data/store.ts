import { signal } from '@preact/signals';
import { fileSource } from './file-source.ts';
import { liveSource } from './live-source.ts';
import { Run } from './run.ts';

const isFile = document.getElementById('gepa-data') !== null;
export const source = isFile ? fileSource() : liveSource();

export const run = signal<Run | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
export const isConnected = signal(true);
/** Counts the changes of a live run, so that open details are read again. */
export const version = signal(0);

let isLoading = false;
let isStale = false;

/** Reads the run; once more if it changed meanwhile. */
export async function load(): Promise<void> {
  if (isLoading) {
    isStale = true;
    return;
  }
  isLoading = true;
  try {
    do {
      isStale = false;
      const first = await source.first();
      if (first !== undefined) run.value = new Run(first.data, first.matrix);
      problem.value = undefined;
      version.value++;
    } while (isStale);
  } catch (error) {
    problem.value = (error as Error).message;
  } finally {
    isLoading = false;
  }
}

export function start(): void {
  void load();
  source.subscribe({
    changed: () => void load(),
    connected: (value) => {
      const isBack = value && !isConnected.value;
      isConnected.value = value;
      if (isBack) void load();
    },
  });
}
