import type { ReflectiveRecord, Rollout } from '../../adapter/adapter.ts';
import type { AnyAdapter, AnyRollout } from '../../adapter/any.ts';
import type { PromptImage } from '../../adapter/prompt-image.ts';
import { pause } from '../../calls/pause.ts';
import type { Candidate } from '../../component.ts';
import type { Mask } from '../../masking/mask.ts';
import { withoutBase64 } from '../../text/images.ts';
import { toPlain } from '../../text/plain.ts';
import { shorten } from '../../text/shorten.ts';
import { bounded } from '../bound.ts';
import { condenseRecords, inputsIn, type KnownText, type PlainRecord } from '../records/condense-records.ts';
import { withoutNoise } from '../records/content-noise.ts';
import { expectedOf, inputOf } from '../records/example-parts.ts';
import { imagesOfRollouts } from '../records/images.ts';
import { instructiveOrder } from '../records/instructive-order.ts';
import { recordsInTurn } from '../records/records.ts';
import { DEFAULT_MAX_RECORD_CHARACTERS, renderRecords } from '../records/render.ts';
import { renderTally } from '../records/tally.ts';
import { renderCalls } from './call-outline.ts';
import { renderProgram } from './program-outline.ts';

/** What the reflection model reads of a program and its rollouts. Every part is Markdown. */
export interface Evidence {
  /** The rollouts, once for all components. */
  readonly records: string;
  /** What the model calls of the components have besides their texts. */
  readonly calls?: string;
  /** The steps of the program, and its other texts in short. */
  readonly program?: string;
  readonly scores: string;
  /** The images that the rollouts are about. */
  readonly images: readonly PromptImage[];
}

export interface EvidenceRequest<Name extends string> {
  readonly adapter: AnyAdapter<Name>;
  readonly candidate: Candidate<Name>;
  /** The components to rewrite in one answer. */
  readonly names: readonly Name[];
  /** The candidate on the minibatch. */
  readonly rollouts: readonly AnyRollout[];
  /** A success outside the minibatch, which is shown too. */
  readonly success?: AnyRollout;
  /** Default: 1. */
  readonly perfectScore?: number;
  /** The candidate's score on the valset. */
  readonly validationScore?: number;
  /** The most characters of records. Default: 24,000. */
  readonly maxCharacters?: number;
  /** Whether records show the expected values of their examples. Default `false`. */
  readonly showExpected?: boolean;
  /** Masks all texts. Default: they stay as they are. */
  readonly mask?: Mask;
}

/** Describes a program and its rollouts to the reflection model, all that the prompt needs for some components. */
export async function evidenceFor<Name extends string>(request: EvidenceRequest<Name>): Promise<Evidence> {
  const { adapter, candidate, names, perfectScore = 1, validationScore, success } = request;
  const known = success === undefined ? request.rollouts : [...request.rollouts, success];
  const { shown, leftOut } = instructiveOrder(known, perfectScore);
  const rollouts = await plainRollouts(adapter, shown);
  const texts = knownTexts(request);
  const inputs = (rollout: AnyRollout) =>
    inputsIn(withoutNoise(toPlain(inputOf(rollout.example), { shortensBase64: true }) ?? null));
  const masked = (part: string | undefined) => (request.mask?.data(part) as string | undefined) ?? part;
  await pause();
  const calls = masked(renderCalls({ names, texts, inputs, rollouts }));
  await pause();
  const program = masked(renderProgram({ names, candidate, rollouts }));
  return {
    records: await renderedRecords(request, shown, rollouts, texts),
    calls,
    program,
    scores: renderTally({
      scores: request.rollouts.map(({ score }) => score),
      perfectScore,
      validationScore,
      leftOut,
      added: known.length - request.rollouts.length,
    }),
    images: imagesOfRollouts(shown),
  };
}

/** Adapters with records of their own have them per component. */
async function renderedRecords<Name extends string>(
  request: EvidenceRequest<Name>,
  rollouts: readonly AnyRollout[],
  plain: readonly AnyRollout[],
  texts: readonly KnownText[],
): Promise<string> {
  const { adapter, names, mask, maxCharacters = DEFAULT_MAX_RECORD_CHARACTERS } = request;
  const rendered = async (components: readonly Name[], characters: number): Promise<string> => {
    const records: PlainRecord[] = [];
    for (const record of recordsInOrder({ ...request, rollouts }, components, plain)) {
      const short = withShortTexts(record);
      const whole = toPlain(mask?.data(short) ?? short, { shortensBase64: true })!;
      records.push(bounded(withoutNoise(whole), characters) as PlainRecord);
      await pause();
    }
    const { records: condensed, isLaidOutAs } = condenseRecords(records, texts);
    const note =
      isLaidOutAs === undefined
        ? ''
        : `The model saw each input as in Example ${isLaidOutAs}; the others show only what differs.\n\n`;
    return note + (await renderRecords(condensed, { maxCharacters: characters - note.length }));
  };
  if (adapter.reflectiveRecords === undefined || names.length === 1) return rendered(names, maxCharacters);
  const share = Math.max(600, Math.floor(maxCharacters / names.length) - 100);
  const parts: string[] = [];
  for (const name of names) {
    parts.push(`The runs for "${name}":\n\n${await rendered([name], share)}`);
  }
  return parts.join('\n\n');
}

type RecordSource<Name extends string> = Pick<
  EvidenceRequest<Name>,
  'adapter' | 'candidate' | 'rollouts' | 'showExpected'
>;

/** The whole records of rollouts for one component: the adapter's own, or else the default ones. */
export async function wholeRecords<Name extends string>(
  source: RecordSource<Name>,
  component: Name,
): Promise<readonly ReflectiveRecord[]> {
  const { adapter, rollouts } = source;
  const plain = adapter.reflectiveRecords === undefined ? await plainRollouts(adapter, rollouts) : [];
  const records: ReflectiveRecord[] = [];
  for (const record of recordsInOrder(source, [component], plain)) {
    records.push(record);
    await pause();
  }
  return records;
}

/** The records one after another; `plain` are the rollouts as plain data, for the default records. */
function* recordsInOrder<Name extends string>(
  { adapter, candidate, rollouts, showExpected = false }: RecordSource<Name>,
  components: readonly Name[],
  plain: readonly AnyRollout[],
): Generator<ReflectiveRecord> {
  const own = adapter.reflectiveRecords?.({ candidate, component: components[0]!, rollouts });
  const hasExpected = showExpected && (own === undefined || own.length === rollouts.length);
  let index = 0;
  for (const record of own ?? recordsInTurn({ components, rollouts: plain })) {
    yield hasExpected ? withExpected(record, rollouts[index++]!) : record;
  }
}

/** The record with the expected value of its example, before the score. */
function withExpected(record: ReflectiveRecord, { example }: AnyRollout): ReflectiveRecord {
  const expected = expectedOf(example);
  if (expected === undefined) return record;
  const fields = Object.entries(record);
  const score = fields.findIndex(([heading]) => heading === 'Score');
  const at = score < 0 ? fields.length : score;
  return Object.fromEntries([...fields.slice(0, at), ['Expected', expected], ...fields.slice(at)]);
}

async function plainRollouts<Name extends string>(
  adapter: AnyAdapter<Name>,
  rollouts: readonly AnyRollout[],
): Promise<AnyRollout[]> {
  const plain: AnyRollout[] = [];
  for (const rollout of rollouts) {
    await pause();
    plain.push(plainRollout(adapter, rollout));
  }
  return plain;
}

/** The rollout with input, output and trace as the adapter shows them. */
function plainRollout<Name extends string>(adapter: AnyAdapter<Name>, rollout: AnyRollout): AnyRollout {
  return withShortTexts(adapter.toPlain === undefined ? rollout : converted(adapter, rollout)) as Rollout<
    unknown,
    unknown,
    unknown
  >;
}

/** A longer text is cut before anything else is done with it, so that very long traces cost little time. */
const MAX_TEXT_CHARACTERS = 100_000;
const MAX_DEPTH = 60;

/** The value with long texts in its plain lists and fields shortened. */
function withShortTexts(value: unknown, within: readonly object[] = []): unknown {
  if (typeof value === 'string') return shorten(withoutBase64(value), MAX_TEXT_CHARACTERS);
  if (typeof value !== 'object' || value === null || within.length > MAX_DEPTH || within.includes(value))
    return value;
  const inside = [...within, value];
  if (Array.isArray(value)) return value.map((item) => withShortTexts(item, inside));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, withShortTexts(field, inside)]),
  );
}

function converted<Name extends string>(adapter: AnyAdapter<Name>, rollout: AnyRollout): AnyRollout {
  const example = rollout.example as { readonly input?: unknown } | null | undefined;
  const whole = { input: example?.input, output: rollout.output, trace: rollout.trace };
  const { input, output = whole.output, trace = whole.trace } = adapter.toPlain!(whole);
  return { ...rollout, example: input === undefined ? example : { ...example, input }, output, trace };
}

/** The texts of the components as the records may repeat them: those to rewrite stand above. */
function knownTexts<Name extends string>({
  adapter,
  candidate,
  names,
}: Pick<EvidenceRequest<Name>, 'candidate' | 'names'> & {
  readonly adapter: Pick<AnyAdapter<Name>, 'components'>;
}): KnownText[] {
  const all = Object.keys(candidate) as Name[];
  return all
    .map((name): KnownText => {
      const isAbove = names.includes(name);
      return {
        text: candidate[name],
        variables: adapter.components[name]?.variables,
        name: isAbove
          ? names.length === 1
            ? 'the text above'
            : `the text "${name}" above`
          : `the text "${name}"`,
        isAbove,
      };
    })
    .sort((a, b) => b.text.length - a.text.length);
}
