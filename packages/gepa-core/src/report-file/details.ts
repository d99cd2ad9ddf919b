import type { RunReader } from '../run-data/read-run.ts';
import type {
  DetailRef,
  ReflectionDetail,
  RolloutData,
  RolloutDetail,
  RunData,
} from '../run-data/run-data.ts';
import type { ExampleDetail, PageRollout } from './page-data.ts';

/** A run, with functions that read its large parts. */
export interface ReportSource {
  readonly data: RunData;
  /** Whether it was made from a result, without details. */
  readonly isPartial?: boolean;
  rollout(detail: DetailRef): RolloutDetail;
  reflection(detail: DetailRef): ReflectionDetail;
}

/** The present state of the run in a directory. */
export function sourceOf(reader: RunReader): ReportSource {
  return {
    data: reader.data,
    rollout: (ref) => reader.detail<RolloutDetail>(ref),
    reflection: (ref) => {
      const { prompt, answer, finishReason } = reader.detail<ReflectionDetail>(ref);
      return { prompt, answer, finishReason };
    },
  };
}

/** The rollouts of each example, by number. */
export function rolloutsByExample({ examples, rollouts }: RunData): readonly (readonly RolloutData[])[] {
  const lists: RolloutData[][] = examples.map(() => []);
  for (const rollout of rollouts) lists[rollout.example]?.push(rollout);
  return lists;
}

/** One example with its rollouts, and the details of those that are kept. */
export function exampleDetail(
  source: ReportSource,
  example: number,
  rollouts: readonly RolloutData[],
  isKept: (rollout: RolloutData) => boolean = () => true,
): ExampleDetail {
  const { example: _, id, ...body } = source.data.examples[example]!;
  return {
    ...body,
    rollouts: rollouts.map((rollout): PageRollout => {
      const { detail: ref, example: _, ...head } = rollout;
      if (!isKept(rollout)) return head;
      // The line of the journal has more fields than the page needs.
      const { error, objectives, feedback, componentFeedback, output, trace, usage, judgeUsage } =
        source.rollout(ref);
      const detail = { objectives, feedback, componentFeedback, output, trace, usage, judgeUsage };
      return { ...head, error, detail };
    }),
  };
}

/**
 * The rollouts whose outputs and traces fit into a number of bytes: first those of the seed, the best candidate and the
 * testset, then those of proposals, then the others; new ones before old ones.
 */
export function keptRollouts(
  { rollouts, bestIndex, test }: RunData,
  maxBytes: number,
): (rollout: RolloutData) => boolean {
  const total = rollouts.reduce((sum, { detail }) => sum + detail.length, 0);
  if (total <= maxBytes) return () => true;
  const first = new Set([0, bestIndex, test?.candidate ?? 0]);
  const rank = ({ candidate, phase }: RolloutData) => {
    if (phase === 'testset') return 0;
    if (candidate === undefined) return 1;
    return first.has(candidate) ? 0 : 2;
  };
  const byRank: RolloutData[][] = [[], [], []];
  for (const rollout of rollouts) byRank[rank(rollout)]!.push(rollout);
  const kept = new Set<RolloutData>();
  let bytes = 0;
  for (const list of byRank) {
    for (const rollout of list.reverse()) {
      if (bytes + rollout.detail.length > maxBytes) continue;
      bytes += rollout.detail.length;
      kept.add(rollout);
    }
  }
  return (rollout) => kept.has(rollout);
}
