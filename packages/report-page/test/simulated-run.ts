import type { Step } from '../../gepa-core/src/adapter/trace.ts';
import { noTime } from '../../gepa-core/src/budget/spend.ts';
import { noUsage } from '../../gepa-core/src/budget/usage.ts';
import type { ReportSource } from '../../gepa-core/src/report-file/details.ts';
import type {
  CandidateData,
  ProposalData,
  ReflectionData,
  RolloutData,
  RolloutDetail,
  RunData,
} from '../../gepa-core/src/run-data/run-data.ts';
import { Random } from '../../gepa-core/src/search/random.ts';

export interface SimulatedRunOptions {
  readonly candidates: number;
  readonly examples: number;
  /** The share of examples that a candidate other than seed and best is scored on. Default 1. */
  readonly coverage?: number;
  /** Characters in a trace. Default 300. */
  readonly traceCharacters?: number;
  /** What the program of the best candidate answers, by example. */
  readonly output?: (example: number) => unknown;
  readonly state?: RunData['state'];
}

const moods = ['angry', 'polite', 'short', 'rambling', 'formal', 'hurried'];
const topics = [
  'a refund',
  'a late parcel',
  'a login problem',
  'an invoice',
  'a broken lamp',
  'a cancelled order',
];

/** A simulated run: no model took part, scores and texts are drawn at random from a seed. */
export function simulatedRun(options: SimulatedRunOptions): ReportSource {
  const { coverage = 1, traceCharacters = 300, state = 'ended' } = options;
  const random = new Random(7);
  const draw = () => random.random();
  const testSize = Math.min(60, Math.max(20, Math.floor(options.examples / 4)));
  const trainSize = Math.min(40, Math.max(10, Math.floor(options.examples / 4)));
  const valset = Array.from({ length: options.examples }, (_, i) => i);
  const trainset = Array.from({ length: trainSize }, (_, i) => options.examples + i);
  const testset = Array.from({ length: testSize }, (_, i) => options.examples + trainSize + i);
  const difficulty = Array.from({ length: options.examples + trainSize + testSize }, draw);
  const details = new Map<number, () => RolloutDetail>();
  const reflectionTexts: { prompt: string; answer: string }[] = [];
  const rollouts: RolloutData[] = [];
  const proposals: ProposalData[] = [];
  const reflections: ReflectionData[] = [];
  const candidates: CandidateData[] = [];
  const skills: number[] = [];
  let metricCalls = 0;

  const roll = (
    skill: number,
    example: number,
    who: Pick<RolloutData, 'candidate' | 'proposal'>,
    phase: RolloutData['phase'],
    iteration: number,
  ): number => {
    const fails = draw() < 0.012;
    const score = fails
      ? 0
      : draw() < skill - 0.6 * (difficulty[example]! - 0.5)
        ? 1
        : draw() < 0.25
          ? 0.5
          : 0;
    metricCalls++;
    const at = metricCalls * 180;
    const durationMs = Math.round(300 + 900 * draw());
    const offset = details.size;
    const isBest = who.candidate === options.candidates - 1;
    details.set(offset, () => ({
      exampleId: `val:${example}`,
      score,
      ...(fails
        ? { error: 'SyntaxError: Unexpected token "S", "Sure, here"… is not valid JSON' }
        : {
            output: (isBest ? options.output?.(example) : undefined) ?? {
              category: score === 1 ? 'billing' : 'other',
              reply: `Dear customer, we have looked at ${topics[example % topics.length]} and answer within a day.`,
            },
          }),
      feedback: fails
        ? 'The answer is no JSON. Write only the object.'
        : score === 1
          ? 'Right.'
          : 'The category should be "billing": the customer asks for money, and the house rules put refunds there.',
      trace: traceOf(example, traceCharacters),
      usage: { modelCalls: 2, inputTokens: 410, outputTokens: 66, costUsd: 0.00021 },
    }));
    rollouts.push({
      example,
      ...who,
      phase,
      iteration,
      score,
      ...(fails ? { error: 'SyntaxError: Unexpected token "S", "Sure, here"… is not valid JSON' } : {}),
      ...(fails ? { failedIn: 'program' as const } : {}),
      at,
      durationMs,
      detail: { offset, length: traceCharacters + 400 },
    });
    return score;
  };

  const add = (
    skill: number,
    rest: Pick<CandidateData, 'texts' | 'parents' | 'source' | 'iteration' | 'proposal'>,
  ) => {
    const index = candidates.length;
    const isWhole = index === 0 || index === options.candidates - 1;
    const before = metricCalls;
    const at = metricCalls * 180;
    const scores = valset.map((example) =>
      isWhole || draw() < coverage
        ? roll(skill, example, { candidate: index }, index === 0 ? 'seed' : 'valset', rest.iteration)
        : null,
    );
    const known = scores.filter((score) => score !== null);
    const mean = known.reduce((sum, score) => sum + score, 0) / Math.max(1, known.length);
    skills.push(skill);
    candidates.push({
      index,
      ...rest,
      at,
      metricCalls: before,
      scores,
      mean,
      coverage: known.length,
      partMean: mean,
    });
  };

  add(0.35, { texts: seedTexts, parents: [], source: 'seed', iteration: 0 });
  for (
    let iteration = 1;
    candidates.length < options.candidates && iteration < 40 * options.candidates;
    iteration++
  ) {
    const isMerge = candidates.length > 4 && draw() < 0.08;
    const parent = Math.floor(candidates.length * Math.sqrt(draw()));
    const second = isMerge ? (parent + 1) % candidates.length : undefined;
    const component = isMerge || draw() < 0.6 ? 'classify.system' : 'reply.system';
    const number = proposals.length + 1;
    const minibatch = Array.from({ length: 3 }, () => trainset[Math.floor(draw() * trainset.length)]!);
    const fate = draw();
    const base = { number, iteration, task: 0, components: [component], minibatch };
    const parents = second === undefined ? [parent] : [parent, second].sort((a, b) => a - b);
    const before = minibatch.map((example) =>
      roll(skills[parent]!, example, { candidate: parent }, 'minibatch', iteration),
    );
    const ids = isMerge ? [] : [reflections.length];
    if (!isMerge) {
      const text = rewritten(candidates[parent]!.texts[component]!, number);
      reflectionTexts.push({
        prompt: `I gave an assistant these instructions:\n\n<instructions>\n${candidates[parent]!.texts[component]}\n</instructions>\n\nRecords:\n${minibatch.map((example, i) => `# Example ${i + 1}\nInput: ${inputOf(example).ticket}\nScore: ${before[i]}`).join('\n\n')}`,
        answer: `The replies miss the house rules.\n\n\`\`\`\n${text}\n\`\`\``,
      });
      reflections.push({
        number: ids[0]!,
        proposal: number,
        iteration,
        task: 0,
        components: [component],
        attempt: 1,
        at: metricCalls * 180,
        durationMs: Math.round(4000 + 5000 * draw()),
        usage: { modelCalls: 1, inputTokens: 2300, outputTokens: 420, costUsd: 0.012 },
        detail: { offset: ids[0]!, length: 100 },
      });
    }
    const kind = isMerge ? ('merge' as const) : ('mutation' as const);
    if (fate < 0.1 && !isMerge) {
      proposals.push({
        ...base,
        kind,
        parents,
        before,
        after: [],
        status: 'refused',
        reason: 'lost_placeholder',
        message: 'The new text of classify.system lacks {ticket}.',
        reflections: ids,
      });
      continue;
    }
    const skill = Math.min(0.95, skills[parent]! + 0.16 * (draw() - 0.4));
    const texts = { [component]: rewritten(candidates[parent]!.texts[component]!, number) };
    const firstRollout = rollouts.length;
    const after = minibatch.map((example) =>
      roll(skill, example, { proposal: number }, 'proposal', iteration),
    );
    const isAccepted = total(after) > total(before);
    if (isAccepted) {
      for (let i = firstRollout; i < rollouts.length; i++) {
        const { proposal: _, ...rollout } = rollouts[i]!;
        rollouts[i] = { ...rollout, candidate: candidates.length };
      }
    }
    proposals.push({
      ...base,
      kind,
      parents,
      texts,
      before,
      after,
      status: isAccepted ? 'accepted' : 'rejected',
      ...(isAccepted ? { candidate: candidates.length } : {}),
      reflections: ids,
    });
    if (!isAccepted) continue;
    add(skill, {
      texts: { ...candidates[parent]!.texts, ...texts },
      parents,
      source: isMerge ? 'merge' : 'reflection',
      iteration,
      proposal: number,
    });
  }
  const bestIndex = candidates.reduce(
    (best, { index, mean }) => (mean > candidates[best]!.mean ? index : best),
    0,
  );
  const seedScores = testset.map((example) => roll(skills[0]!, example, { candidate: 0 }, 'testset', 99));
  const bestScores = testset.map((example) =>
    roll(skills[bestIndex]!, example, { candidate: bestIndex }, 'testset', 99),
  );
  const meanOf = (scores: readonly number[]) => total(scores) / scores.length;
  const gain = meanOf(bestScores) - meanOf(seedScores);
  const keys = valset.map((example) => {
    const top = Math.max(...candidates.map(({ scores }) => scores[example] ?? 0));
    return {
      example,
      score: top,
      candidates: candidates.filter(({ scores }) => scores[example] === top).map(({ index }) => index),
    };
  });
  const byMean = candidates
    .toSorted((a, b) => b.mean - a.mean)
    .slice(0, Math.max(1, Math.ceil(candidates.length / 5)));
  const taskUsage = {
    modelCalls: 2 * metricCalls,
    inputTokens: 410 * metricCalls,
    outputTokens: 66 * metricCalls,
    costUsd: 0.00021 * metricCalls,
  };
  const reflectionUsage = {
    modelCalls: reflections.length,
    inputTokens: 2300 * reflections.length,
    outputTokens: 420 * reflections.length,
    costUsd: 0.012 * reflections.length,
  };
  const part = (share: number) => ({
    metricCalls: Math.round(metricCalls * share),
    usage: {
      modelCalls: Math.round(taskUsage.modelCalls * share),
      inputTokens: Math.round(taskUsage.inputTokens * share),
      outputTokens: Math.round(taskUsage.outputTokens * share),
      costUsd: taskUsage.costUsd * share,
    },
  });
  const on = {
    examples: valset.length,
    positions: valset.map((_, position) => position),
    fresh: false,
    optimistic: false,
  };
  const isOver = state !== 'running';
  const data: RunData = {
    kind: 'search',
    runId: '3f0c9a52-simulated',
    startedAt: Date.UTC(2026, 10, 28, 22, 10),
    updatedAt: Date.UTC(2026, 10, 28, 22, 31),
    state,
    ...(state === 'ended' ? { stopReason: 'maxMetricCalls' as const } : {}),
    about: {
      components: [
        { name: 'classify.system', kind: 'prompt', variables: ['ticket'] },
        { name: 'reply.system', kind: 'prompt' },
      ],
      models: { task: ['simulated-small'], reflection: 'simulated-large' },
      strategies: {
        search: 'adaptive',
        candidateSelectionStrategy: 'leaderOrPareto',
        batchSampler: 'epochShuffled',
      },
      limits: { maxMetricCalls: Math.ceil((metricCalls + 30) / 100) * 100 },
      versions: { 'gepa-core': '0.1.0', node: '24.21.0' },
      seed: 0,
      perfectScore: 1,
    },
    examples: difficulty.map((_, example) => ({
      example,
      id: example < valset.length ? `ticket-${example}` : `train-${example}`,
      input: inputOf(example),
      expected: { category: 'billing' },
      metadata: { mood: moods[example % moods.length] },
    })),
    trainset,
    valset,
    testset,
    candidates,
    proposals,
    reflections,
    rollouts,
    bestIndex,
    part: valset,
    pool: candidates.map(({ index }) => index),
    score: { seed: candidates[0]!.mean, best: candidates[bestIndex]!.mean, seedOn: on, bestOn: on },
    ...(isOver
      ? {
          test: {
            candidate: bestIndex,
            size: testSize,
            seedScore: meanOf(seedScores),
            bestScore: meanOf(bestScores),
            seedScores,
            bestScores,
            gain,
            interval: [gain - 0.14, gain + 0.13] as const,
            metricCalls: 2 * testSize,
          },
        }
      : {}),
    frontier: {
      type: 'instance',
      keys,
      candidates: byMean.map(({ index }) => index).sort((a, b) => a - b),
    },
    iterations: proposals.length,
    metricCalls,
    usage: {
      modelCalls: taskUsage.modelCalls + reflectionUsage.modelCalls,
      inputTokens: taskUsage.inputTokens + reflectionUsage.inputTokens,
      outputTokens: taskUsage.outputTokens + reflectionUsage.outputTokens,
      costUsd: taskUsage.costUsd + reflectionUsage.costUsd,
      byModel: { 'simulated-small': taskUsage, 'simulated-large': reflectionUsage },
    },
    spend: {
      seed: part(0.05),
      minibatch: part(0.3),
      valset: part(0.58),
      merge: { metricCalls: 0, usage: noUsage },
      testset: part(0.07),
      reflection: { metricCalls: 0, usage: reflectionUsage },
      judge: { metricCalls: 0, usage: noUsage },
    },
    time: {
      ...noTime,
      seed: 12_000,
      minibatch: 130_000,
      valset: 240_000,
      testset: 21_000,
      reflection: 410_000,
      other: 900,
    },
    durationMs: 813_900,
    retries: 3,
    warnings: [
      '2 of 24 validation examples are also in the trainset: val:3, val:7. Scores on them are too high.',
    ],
  };
  return {
    data,
    rollout: ({ offset }) => details.get(offset)!(),
    reflection: ({ offset }) => reflectionTexts[offset]!,
  };
}

const total = (scores: readonly number[]): number => scores.reduce((sum, score) => sum + score, 0);

const inputOf = (example: number) => ({
  ticket: `A ${moods[example % moods.length]} customer writes about ${topics[(example * 5) % topics.length]} (number ${example}): please help me soon, I have waited for ${1 + (example % 9)} days and nobody answers.`,
});

function traceOf(example: number, characters: number): Step[] {
  const filler = 'The house rules put refunds under billing. '
    .repeat(Math.ceil(characters / 43))
    .slice(0, characters);
  return [
    {
      kind: 'chain',
      name: 'triage',
      durationMs: 800,
      children: [
        {
          kind: 'model',
          name: 'classify',
          components: ['classify.system'],
          model: 'simulated-small',
          input: [
            { role: 'system', content: filler },
            { role: 'user', content: inputOf(example).ticket },
          ],
          output: '{"category": "billing"}',
          usage: { modelCalls: 1, inputTokens: 210, outputTokens: 12 },
          durationMs: 350,
        },
        {
          kind: 'model',
          name: 'reply',
          components: ['reply.system'],
          output: 'Dear customer, …',
          durationMs: 420,
        },
      ],
    },
  ];
}

const seedTexts = {
  'classify.system':
    'Sort the ticket into one of the categories billing, delivery, account or other.\n\n{ticket}\n\nAnswer with JSON.',
  'reply.system':
    'Write a short, friendly reply to the customer.\nDo not promise anything.\n\nSign with "The support team".',
};

const advice = [
  'Refunds and invoices are billing, even where the customer is angry.',
  'Write only the JSON object, with no words before it.',
  'A late parcel is delivery; a lost one too.',
  'Where two categories fit, take the one that the customer asks about last.',
  'Name the number of the order, if there is one.',
  'Never use exclamation marks.',
];

function rewritten(text: string, number: number): string {
  const lines = text.split('\n');
  const line = `- ${advice[number % advice.length]}`;
  if (number % 3 === 0) return [...lines.slice(0, 1), line, ...lines.slice(1)].join('\n');
  if (number % 3 === 1)
    return text
      .replace('short, friendly', 'friendly and precise')
      .replace('Sort the', 'Read and sort the')
      .concat(`\n${line}`);
  return `${text}\n${line}`;
}
