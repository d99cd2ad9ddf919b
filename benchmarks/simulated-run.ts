import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { Random } from 'gepa-core';

export interface SimulatedRun {
  readonly candidates: number;
  /** Of the valset; the trainset has as many. */
  readonly examples: number;
  /** Bytes of each trace. */
  readonly traceBytes: number;
}

/** Writes the directory of a simulated run in which every candidate ran on the whole valset. */
export function writeSimulatedRun(runDir: string, { candidates, examples, traceBytes }: SimulatedRun): void {
  mkdirSync(runDir, { recursive: true });
  const random = new Random(1);
  const file = (name: string) => linesTo(`${runDir}/${name}`);
  const [contents, journal, events] = [file('examples.jsonl'), file('journal.jsonl'), file('events.jsonl')];
  const components = ['system', 'tool:search'];
  let at = 0;
  const later = (ms: number) => {
    at += ms;
    return at;
  };

  for (const [set, offset] of [
    ['train', 0],
    ['val', examples],
  ] as const) {
    for (let position = 0; position < examples; position++) {
      const input = {
        question: `Simulated question ${position} of ${set}?`,
        context: 'Simulated. '.repeat(20),
      };
      const id = `${set}:${position}`;
      contents.add({
        example: offset + position,
        set,
        position,
        id,
        input,
        expected: `answer ${position % 7}`,
      });
    }
  }
  journal.add({
    type: 'run',
    format: 'gepa-run',
    version: 4,
    runId: 'simulated',
    fingerprint: { options: {} },
  });
  journal.add({
    type: 'session',
    at,
    startedAt: '2026-01-01T00:00:00.000Z',
    maxMetricCalls: null,
    program: {},
    about: {
      components: components.map((name) => ({ name, kind: 'instructions' })),
      models: { task: ['simulated'], reflection: 'simulated' },
      limits: {},
      versions: {},
      seed: 0,
      perfectScore: 1,
    },
  });
  events.add({
    type: 'run_started',
    runId: 'simulated',
    seed: 0,
    components,
    trainsetSize: examples,
    valsetSize: examples,
    frontierType: 'instance',
    perfectScore: 1,
  });

  const usage = { modelCalls: 1, inputTokens: 900, outputTokens: 80, costUsd: 0.0004 };
  const trace = [{ kind: 'model', name: 'simulated', output: 'Simulated trace. '.repeat(traceBytes / 17) }];
  const rollout = (fields: object, score: number) =>
    journal.add({
      type: 'rollout',
      at: later(3),
      ...fields,
      score,
      durationMs: 900,
      usage,
      feedback: score === 1 ? 'Right.' : 'The answer lacks the unit that the question asks for.',
      output: { answer: 'simulated', explanation: 'Simulated. '.repeat(10) },
      trace,
    });
  let [metricCalls, bestMean] = [0, -1];
  let bestIndex = 0;
  for (let index = 0; index < candidates; index++) {
    const texts = Object.fromEntries(
      components.map((name) => [
        name,
        `Simulated ${name}, version ${index}.\n${`Rule ${index}. `.repeat(60)}`,
      ]),
    );
    const [iteration, proposal] = [index, index];
    journal.add({ type: 'texts', at, textsId: index, texts });
    if (index > 0) {
      const parent = Math.floor(random.random() * index);
      const minibatch = [0, 1, 2].map((place) => (index * 3 + place) % examples);
      const [before, after] = [
        [0, 0, 1],
        [1, 0, 1],
      ];
      events.add({ type: 'iteration_started', iteration });
      const task = { iteration, task: 0, proposal, parent };
      events.add({ type: 'task_evaluated', ...task, minibatch, scores: before, skipped: false });
      journal.add({
        type: 'reflection',
        at: later(8_000),
        ...task,
        components,
        attempt: 0,
        answer: Object.values(texts).join('\n'),
        durationMs: 8_000,
        usage,
        prompt: 'Simulated prompt. '.repeat(1_000),
      });
      minibatch.forEach((example, place) => {
        const fields = { iteration, phase: 'proposal', textsId: index, proposal, example };
        rollout({ ...fields, exampleId: `train:${example}` }, after[place]!);
      });
      events.add({
        type: 'proposal_evaluated',
        ...task,
        texts,
        before,
        after,
        accepted: true,
        selected: true,
      });
    }
    const ability = 0.4 + (0.5 * index) / candidates;
    const scores = Array.from({ length: examples }, (_, position) => {
      const score = random.random() < ability ? 1 : 0;
      const fields = { iteration, phase: index === 0 ? 'seed' : 'valset', textsId: index, candidate: index };
      rollout({ ...fields, example: examples + position, exampleId: `val:${position}` }, score);
      return score;
    });
    const mean = scores.reduce<number>((sum, score) => sum + score, 0) / examples;
    if (mean > bestMean) [bestMean, bestIndex] = [mean, index];
    events.add({
      type: 'candidate_added',
      index,
      texts,
      parents: index === 0 ? [] : [Math.floor(index / 2)],
      source: index === 0 ? 'seed' : 'reflection',
      iteration,
      ...(index === 0 ? {} : { proposal }),
      scores,
      metricCalls,
      bestIndex,
    });
    metricCalls += examples + 3;
    if (index > 0) events.add({ type: 'iteration_finished', iteration, metricCalls });
  }
  for (const { close } of [contents, journal, events]) close();
}

/** Writes lines in large pieces. */
function linesTo(path: string): { readonly add: (line: object) => void; readonly close: () => void } {
  const file = openSync(path, 'w', 0o600);
  let pending: string[] = [];
  let size = 0;
  const flush = () => {
    writeSync(file, pending.join(''));
    pending = [];
    size = 0;
  };
  return {
    add(line) {
      const text = `${JSON.stringify(line)}\n`;
      pending.push(text);
      size += text.length;
      if (size > 1 << 20) flush();
    },
    close() {
      flush();
      closeSync(file);
    },
  };
}
