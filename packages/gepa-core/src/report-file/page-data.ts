import type {
  CandidateData,
  ExampleData,
  ReflectionData,
  RolloutData,
  RolloutDetail,
  RunData,
} from '../run-data/run-data.ts';

/** The data that the page loads first: a run without scores, contents of examples, rollouts and prompts. */
export interface PageData
  extends Omit<RunData, 'examples' | 'candidates' | 'reflections' | 'rollouts' | 'frontier'> {
  readonly format: 'gepa-report';
  readonly version: 1;
  /** By number. */
  readonly examples: readonly ExampleHead[];
  readonly candidates: readonly PageCandidate[];
  readonly reflections: readonly PageReflection[];
  /** The candidates of the Pareto frontier. */
  readonly frontier: readonly PageSurvivor[];
  /** The numbers of failed rollouts by message, the most frequent first. */
  readonly failures: readonly { readonly message: string; readonly count: number }[];
  /** The number of rollouts without output and trace, which were left out to limit the size of the file. */
  readonly omittedRollouts: number;
  /** Whether it was made from a result, without inputs, outputs and prompts. */
  readonly isPartial?: true;
}

export type PageCandidate = Omit<CandidateData, 'scores' | 'objectiveScores'>;

export type PageReflection = Omit<ReflectionData, 'detail'>;

/** A candidate of the Pareto frontier, and on how many keys it is best. */
export interface PageSurvivor {
  readonly candidate: number;
  readonly keys: number;
}

export interface ExampleHead {
  readonly id: string;
  /** The start of the input, on one line. */
  readonly preview: string;
}

/** One example with all its rollouts. */
export interface ExampleDetail extends Omit<ExampleData, 'example' | 'id'> {
  readonly rollouts: readonly PageRollout[];
}

export interface PageRollout extends Omit<RolloutData, 'detail' | 'example'> {
  /** Absent where the file leaves it out. */
  readonly detail?: Omit<RolloutDetail, 'exampleId' | 'score' | 'error'>;
}

/** The scores of all candidates by valset position, in rows; NaN without a score. */
export interface ScoreMatrix {
  readonly width: number;
  readonly scores: Float64Array;
  /** 1 where the rollout failed. */
  readonly failed: Uint8Array;
}

const PREVIEW = 160;

/** The first characters of a value as text. */
export function previewOf(value: unknown): string {
  const text = typeof value === 'string' ? value : leadingText(value);
  return text
    .slice(0, 4 * PREVIEW)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, PREVIEW);
}

/** An object with one text is shown as that text. */
function leadingText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  const fields = Object.values(value);
  if (fields.length === 1 && typeof fields[0] === 'string') return fields[0];
  return JSON.stringify(value);
}

/** The matrix as bytes: the width, the scores, the failures. */
export function encodeMatrix({ width, scores, failed }: ScoreMatrix): Uint8Array {
  const bytes = new Uint8Array(8 + scores.byteLength + failed.byteLength);
  new DataView(bytes.buffer).setUint32(0, width, true);
  bytes.set(new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength), 8);
  bytes.set(failed, 8 + scores.byteLength);
  return bytes;
}

export function decodeMatrix(bytes: Uint8Array): ScoreMatrix {
  const { buffer } = bytes.byteOffset === 0 ? bytes : bytes.slice();
  const width = new DataView(buffer).getUint32(0, true);
  const cells = (bytes.byteLength - 8) / 9;
  return {
    width,
    scores: new Float64Array(buffer as ArrayBuffer, 8, cells),
    failed: new Uint8Array(buffer as ArrayBuffer, 8 + 8 * cells, cells),
  };
}
