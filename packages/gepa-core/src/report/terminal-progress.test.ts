import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { GepaEvent } from '../events.ts';
import {
  callSettled,
  candidateAdded,
  iterationStarted,
  newBest,
  retried,
  rollouts,
  runFinished,
  runStarted,
  warning,
} from './fixtures/sample-run.ts';
import { screenAfter } from './fixtures/virtual-terminal.ts';
import { type TerminalProgressOptions, terminalProgress } from './terminal-progress.ts';

/** A listener that writes to memory, with a manual clock. */
function recorded(options: TerminalProgressOptions = {}) {
  const writes: string[] = [];
  const clock = { ms: 0 };
  const listen = terminalProgress({
    stream: { write: (text) => writes.push(text) },
    now: () => clock.ms,
    color: false,
    ...options,
  });
  const play = (events: readonly GepaEvent[], msPerEvent = 0) => {
    for (const event of events) {
      clock.ms += msPerEvent;
      listen(event);
    }
  };
  return { writes, clock, play, screen: (columns = 120) => screenAfter(writes.join(''), columns) };
}

/** Rollouts that cost one cent and 50,000 tokens each, like `paidBefore` earlier ones. */
const paidRollouts = (
  first: number,
  count: number,
  { replayed = false, paidBefore = first - 1 } = {},
): GepaEvent[] =>
  Array.from({ length: count }, (_, i) =>
    callSettled({
      metricCalls: first + i,
      usage: paidUsage(1),
      total: paidUsage(paidBefore + i + 1),
      replayed,
    }),
  );

const paidUsage = (calls: number) => ({
  modelCalls: calls,
  inputTokens: calls * 45_000,
  outputTokens: calls * 5_000,
  costUsd: calls * 0.01,
});

const story: readonly GepaEvent[] = [
  warning('There is no valset.'),
  runStarted(),
  ...rollouts(1, 4, 'seed'),
  candidateAdded(),
  iterationStarted(1),
  ...rollouts(5, 6),
  retried(),
  newBest(),
  iterationStarted(2),
  ...rollouts(15, 6),
];

afterEach(() => vi.unstubAllEnvs());

describe('terminalProgress on a terminal', () => {
  it('the terminal shows one live line below the announcements', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 120 });
    play(story, 1_000);
    expect(screen()).toEqual([
      'Warning: There is no valset.',
      'Optimizing 1 component with 6 training and 4 validation examples, at most 100 metric calls',
      'Seed: 0.500 on 4 validation examples',
      'Retrying a rollout: overloaded',
      'New best: 0.750 (+0.250), candidate 1 by reflection in iteration 1',
      '20/100 calls ━━━─────────────  best 0.750 (seed 0.500)  iteration 2  22s, ~1m 50s left  1 retry',
    ]);
  });

  it('the live line uses 80 columns on a terminal that reports 0', () => {
    const writes: string[] = [];
    const { play } = recorded({
      stream: { isTTY: true, columns: 0, write: (text) => writes.push(text) },
      isTTY: true,
    });
    play([runStarted(), ...rollouts(1, 1, 'seed')], 1_000);
    expect(screenAfter(writes.join(''), 80).at(-1)).toMatch(/^1\/100 calls .* best – /);
  });

  it('the live line shows a dash for unknown values', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 120 });
    play([runStarted(), ...rollouts(1, 1, 'seed')], 1_000);
    expect(screen().at(-1)).toBe(
      '1/100 calls ────────────────  best – (seed –)  scoring the seed  1s, – left',
    );
  });

  it('the live line has neither a bar nor a remaining time without a limit', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 120 });
    play([runStarted({ maxMetricCalls: undefined }), candidateAdded(), ...rollouts(5, 20)], 1_000);
    expect(screen().at(-1)).toBe('24 metric calls  best 0.500 (seed 0.500)  scoring the seed  21s');
  });

  it('the live line shows the use of every limit, the nearest first, and the time until it is reached', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 120 });
    play([runStarted({ maxCostUsd: 2, maxTokens: 4e6, maxIterations: 40, maxDurationMs: 600_000 })]);
    play([candidateAdded(), ...paidRollouts(5, 26, { paidBefore: 0 })], 1_000);
    expect(screen()).toEqual([
      'Optimizing 1 component with 6 training and 4 validation examples, at most 100 metric calls, $2.00, 4M tokens, 40',
      '  iterations, 10m 00s',
      'Seed: 0.500 on 4 validation examples',
      '1.3M/4M tokens ━━━━━───────────  best 0.500 (seed 0.500)  scoring the seed  27s, ~56s left  30/100 calls  $0.26/$2.00',
    ]);
  });

  it('the live line shows the elapsed time once if time is the nearest limit', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 80 });
    play([runStarted({ maxMetricCalls: undefined, maxDurationMs: 60_000 }), ...paidRollouts(1, 20)], 1_000);
    expect(screen(80).at(-1)).toBe(
      '20s/1m 00s  best – (seed –)  scoring the seed  ~40s left  20 calls  $0.20',
    );
  });

  it('a resumed run is announced once, and the live line includes the time and spend of earlier sessions', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 80 });
    play([
      runStarted({ maxMetricCalls: undefined, maxCostUsd: 1, earlierMs: 120_000 }),
      ...paidRollouts(1, 30, { replayed: true }),
    ]);
    play(paidRollouts(31, 10), 1_000);
    expect(screen(80)[0]).toMatch(/^Resumed after 2m 00s: optimizing 1 component/);
    // At a cent a second.
    expect(screen(80).at(-1)).toBe(
      '$0.40/$1.00  best – (seed –)  scoring the seed  2m 10s, ~1m 00s left  40 calls',
    );
  });

  it('the live line leaves out its last segments on a narrow terminal', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 50 });
    play(story, 1_000);
    expect(screen(50).at(-1)).toBe('20/100 calls  best 0.750 (seed 0.500)');
  });

  it('the live line never reaches the last column, whatever the order of events', () => {
    const event = fc.oneof(fc.constantFrom(...story), fc.constantFrom(...rollouts(99_990, 20)));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 130 }),
        fc.array(event),
        fc.boolean(),
        (columns, events, color) => {
          const { writes, play, screen } = recorded({ isTTY: true, columns, color });
          play([runStarted({ maxMetricCalls: 100_000 }), ...events], 7_000);
          const live = screenAfter(writes.at(-1)!.split('\n').at(-1)!, 1_000);
          expect(live).toHaveLength(1);
          expect(live[0]!.length).toBeLessThan(columns);
          expect(screen(columns).at(-1)).toBe(live[0]);
        },
      ),
    );
  });

  it('the live line adapts to a new width of the stream', () => {
    const stream = { columns: 60, written: '', write: (text: string) => (stream.written += text) };
    const { play } = recorded({ isTTY: true, stream });
    play(story, 1_000);
    stream.columns = 20;
    stream.written = '';
    play(rollouts(21, 1), 1_000);
    expect(screenAfter(stream.written, 20)).toEqual(['21/100 calls']);
  });

  it('the live line is redrawn at most once per interval, and at once for a new candidate', () => {
    const { writes, play } = recorded({ isTTY: true, columns: 80 });
    play([runStarted()]);
    play(rollouts(1, 50), 1);
    expect(writes).toHaveLength(1);
    play([candidateAdded()]);
    expect(writes).toHaveLength(2);
    play(rollouts(51, 3), 100);
    expect(writes).toHaveLength(5);
  });

  it('the end of the run clears the live line and shows the stop reason', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 120 });
    play([...story, runFinished({ bestIndex: 1 })], 1_000);
    play(rollouts(21, 5), 1_000);
    expect(screen().slice(-3)).toEqual([
      'Ended after 1m 05s: the metric calls are used up (maxMetricCalls)',
      'Validation: candidate 1 0.750, seed 0.500; 100 metric calls',
      '',
    ]);
  });

  it('the live line starts again with the next run', () => {
    const { play, screen } = recorded({ isTTY: true, columns: 120 });
    play([...story, runFinished({ bestIndex: 1 }), runStarted()], 1_000);
    expect(screen().at(-1)).toBe(
      '0/100 calls ────────────────  best – (seed –)  scoring the seed  0s, – left',
    );
  });

  it('the live line has colors unless NO_COLOR is set', () => {
    vi.stubEnv('TERM', 'xterm');
    const colored = () => {
      const writes: string[] = [];
      const listen = terminalProgress({
        stream: { isTTY: true, columns: 120, write: (text) => writes.push(text) },
      });
      for (const event of story) listen(event);
      return writes.join('').includes('\u001b[36m');
    };
    vi.stubEnv('NO_COLOR', '');
    expect(colored()).toBe(true);
    vi.stubEnv('NO_COLOR', '1');
    expect(colored()).toBe(false);
  });
});

describe('terminalProgress without a terminal', () => {
  it('a log gets plain lines, and a status line after ten seconds without output', () => {
    const { writes, play } = recorded({ isTTY: false });
    play([runStarted({ maxMetricCalls: 1_000 }), candidateAdded()]);
    play(rollouts(5, 24), 1_000);
    play([newBest(), runFinished({ bestIndex: 1, metricCalls: 28, stopReason: 'aborted' })]);
    expect(writes.join('').split('\n')).toEqual([
      'Optimizing 1 component with 6 training and 4 validation examples, at most 1,000 metric calls',
      'Seed: 0.500 on 4 validation examples',
      '14/1,000 calls (1%) · best 0.500 · 10s, ~16m 26s left · scoring the seed',
      '24/1,000 calls (2%) · best 0.500 · 20s, ~16m 16s left · scoring the seed',
      'New best: 0.750 (+0.250), candidate 1 by reflection in iteration 1',
      'Ended after 1m 05s: the run was aborted (aborted)',
      'Validation: candidate 1 0.750, seed 0.500; 28 metric calls',
      '',
    ]);
  });

  it('a log gets a status line at every tenth of the limit in a fast run', () => {
    const { writes, play } = recorded({ isTTY: false });
    play([runStarted({ maxMetricCalls: 1_000 })]);
    play(rollouts(1, 1_000), 1);
    expect(writes.slice(1).map((line) => line.split(' ')[0])).toEqual(
      [100, 200, 300, 400, 500, 600, 700, 800, 900].map((n) => `${n}/1,000`).concat('1,000/1,000'),
    );
  });

  it('a log without a limit gets a status line once per interval', () => {
    const { writes, play } = recorded({ isTTY: false, intervalMs: 60_000 });
    play([runStarted({ maxMetricCalls: undefined })]);
    play(rollouts(1, 119), 1_000);
    expect(writes).toHaveLength(2);
    expect(writes[1]).toBe('60 metric calls · best – · 1m 00s · scoring the seed\n');
  });

  it('a log gets no control characters from warnings or stop reasons', () => {
    const { writes, play } = recorded({ isTTY: false, color: true });
    play(
      [...story, warning('bad\u001b[31m\r\u0007news'), runFinished({ stopReason: 'my\u001b[0mreason' })],
      5_000,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it matches control characters
    expect(writes.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('progress is written to the console in a runtime without a global process', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.stubGlobal('process', undefined);
    try {
      terminalProgress()(runStarted());
    } finally {
      vi.unstubAllGlobals();
    }
    expect(error.mock.calls).toEqual([
      ['Optimizing 1 component with 6 training and 4 validation examples, at most 100 metric calls'],
    ]);
    error.mockRestore();
  });
});
