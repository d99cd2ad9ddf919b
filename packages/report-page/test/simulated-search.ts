import type {
  CandidateData,
  ProposalData,
  ReflectionData,
  RolloutData,
  RolloutDetail,
  RunData,
} from '../../gepa-core/src/run-data/run-data.ts';
import { Random } from '../../gepa-core/src/statistics/random.ts';
import { inputOf, rewritten, seedTexts, topics, traceOf } from './simulated-texts.ts';

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

/** A simulated search: no model took part, scores and texts are drawn at random from a seed. */
export function simulatedSearch(options: SimulatedRunOptions) {
  const { coverage = 1, traceCharacters = 300 } = options;
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
      error: fails ? 'SyntaxError: Unexpected token "S", "Sure, here"… is not valid JSON' : undefined,
      failedIn: fails ? 'program' : undefined,
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
      candidate: isAccepted ? candidates.length : undefined,
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
  return {
    trainset,
    valset,
    testset,
    candidates,
    proposals,
    reflections,
    rollouts,
    /** Runs a candidate on the testset. */
    test: (candidate: number) =>
      testset.map((example) => roll(skills[candidate]!, example, { candidate }, 'testset', 99)),
    metricCalls: () => metricCalls,
    rollout: ({ offset }: { readonly offset: number }) => details.get(offset)!(),
    reflection: ({ offset }: { readonly offset: number }) => reflectionTexts[offset]!,
  };
}

export const total = (scores: readonly number[]): number => scores.reduce((sum, score) => sum + score, 0);
