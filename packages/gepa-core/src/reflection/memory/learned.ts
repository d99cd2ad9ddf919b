import type { AnyRollout } from '../../adapter/any.ts';
import type { Finding, Learned } from '../../adapter/experience.ts';
import { pause } from '../../calls/pause.ts';
import { ownValue } from '../../component.ts';
import type { Mask } from '../../masking/mask.ts';
import { expectedOf } from '../records/example-parts.ts';
import { oneLine } from './history.ts';

/** Feedback and outputs beyond this length are not searched. */
const MAX_FEEDBACK_CHARACTERS = 4_000;
const MAX_ANSWER_CHARACTERS = 80;
/** Memory of one run, far beyond what a prompt shows. */
const MAX_KEPT = 1_000;
/** Of one remark. */
const MAX_VARIANTS = 30;

/** Collects what the feedback reveals, rollout by rollout. Expected values that no feedback names stay hidden. */
export class LearnedFeedback<Name extends string = string> {
  readonly #names: readonly Name[];
  readonly #perfectScore: number;
  readonly #mask: Mask;
  readonly #showExpected: boolean;
  readonly #byComponent = new Map<Name, { answers: Notes; demands: Notes }>();

  constructor(options: {
    readonly names: readonly Name[];
    readonly perfectScore: number;
    /** Masks texts before they are kept. */
    readonly mask: Mask;
    /** Whether expected values are known without being named. */
    readonly showExpected: boolean;
  }) {
    this.#names = options.names;
    this.#perfectScore = options.perfectScore;
    this.#mask = options.mask;
    this.#showExpected = options.showExpected;
  }

  /** Adds the rollouts that a reflection reads. */
  async add(rollouts: readonly AnyRollout[]): Promise<void> {
    for (const rollout of rollouts) {
      await pause();
      this.#addRollout(rollout);
    }
  }

  of(component: Name): Learned {
    const { answers, demands } = this.#of(component);
    return {
      answers: [...answers.values()].map(findingOf),
      // The newest first among equally common ones.
      demands: [...demands.values()]
        .reverse()
        .sort((a, b) => b.ids.size - a.ids.size)
        .map(findingOf),
    };
  }

  #addRollout({ example, exampleId, output, score, error, ...rollout }: AnyRollout) {
    const isPerfect = score >= this.#perfectScore;
    const expected = shortValues(expectedOf(example));
    // The message of an error is in the records, and is no demand on the text.
    const given = error === undefined ? rollout : {};
    const seen = new Map<string | undefined, { readonly answers: string[]; readonly demands: string[] }>();
    for (const name of this.#names) {
      const feedback = ownValue(given.componentFeedback, name) ?? given.feedback;
      const found = seen.get(feedback) ?? this.#read(feedback, expected, isPerfect ? output : undefined);
      seen.set(feedback, found);
      const { answers, demands } = this.#of(name);
      for (const answer of found.answers) addNote(answers, answer, answer, exampleId);
      if (isPerfect) continue;
      for (const remark of found.demands) {
        const pattern = patternOf(remark);
        const known = demands.get(pattern);
        demands.delete(pattern);
        addNote(demands, pattern, remark, exampleId, known);
      }
    }
  }

  #read(feedback: string | undefined, expected: readonly string[], perfectOutput: unknown) {
    const text = this.#masked(feedback) ?? '';
    const clipped = text.slice(0, MAX_FEEDBACK_CHARACTERS);
    const named = this.#showExpected
      ? expected.map((value) => this.#masked(value)!)
      : expected.filter((value) => names(clipped, value));
    const right = typeof perfectOutput === 'string' ? shortValues(this.#masked(perfectOutput.trim())) : [];
    return { answers: [...named, ...right], demands: remarksOf(clipped) };
  }

  #masked(text: string | undefined): string | undefined {
    return text === undefined ? undefined : (this.#mask.data(text) as string);
  }

  #of(component: Name) {
    const known = this.#byComponent.get(component) ?? { answers: new Map(), demands: new Map() };
    this.#byComponent.set(component, known);
    return known;
  }
}

interface Note {
  readonly text: string;
  readonly ids: Set<string>;
  /** What the remarks that count as this one quote. */
  readonly quoted: Set<string>;
}
type Notes = Map<string, Note>;

function findingOf({ text, ids, quoted }: Note): Finding {
  const variants = [...quoted].filter((words) => words !== quotedIn(text));
  return { text, exampleIds: [...ids], variants: variants.length === 0 ? undefined : variants };
}

function addNote(notes: Notes, key: string, text: string, exampleId: string, before?: Note): void {
  const known = before ?? notes.get(key);
  if (known === undefined && notes.size >= MAX_KEPT) return;
  const { ids, quoted } = known ?? { ids: new Set<string>(), quoted: new Set<string>() };
  const words = quotedIn(text);
  if (words !== undefined && quoted.size < MAX_VARIANTS) quoted.add(words);
  notes.set(key, { text, ids: ids.add(exampleId), quoted });
}

const quotation = /"[^"]*"|'[^']*'(?!\w)|`[^`]*`|“[^”]*”|«[^»]*»/;
const wanted = new RegExp(
  `\\b(?:expected|correct|right|wanted|should (?:be|have been)|must be|missing)\\b[^"'\`“«]{0,40}(${quotation.source})`,
  'i',
);

/** The words that a remark quotes as wanted, or else first. */
function quotedIn(remark: string): string | undefined {
  const words = wanted.exec(remark)?.[1] ?? quotation.exec(remark)?.[0];
  return words !== undefined && words.length <= MAX_ANSWER_CHARACTERS ? words : undefined;
}

/** Equal for remarks that differ only in quoted words and numbers. */
function patternOf(remark: string): string {
  return remark.toLowerCase().replaceAll(new RegExp(`${quotation.source}|\\d+`, 'g'), '#');
}

/** The lines of a feedback, and the sentences of long lines. */
function remarksOf(feedback: string): string[] {
  const lines = feedback.split('\n').map((line) => line.trim());
  return lines
    .flatMap((line) => (line.length <= 160 ? [line] : line.split(/(?<=[.!?。！？])\s+/)))
    .filter((remark) => /\p{L}/u.test(remark));
}

/** The short values in a value, at any depth. */
function shortValues(value: unknown, depth = 0): string[] {
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)];
  if (typeof value === 'string') {
    const isShort = value !== '' && value.length <= MAX_ANSWER_CHARACTERS && !value.includes('\n');
    return isShort ? [value] : [];
  }
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.values(value).flatMap((field) => shortValues(field, depth + 1));
}

/** Whether a text names a value: as words of their own, and a very short value in quotes or after a colon only. */
function names(text: string, value: string): boolean {
  const escaped = value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const quoted = `["'\`“«]${escaped}["'\`”»]|[:=→]\\s*${escaped}(?![\\p{L}\\p{N}])`;
  const pattern = value.length < 4 ? quoted : `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`;
  return new RegExp(pattern, 'u').test(text);
}

const MAX_ANSWERS_CHARACTERS = 800;
const MAX_DEMANDS_CHARACTERS = 1_600;
const MAX_DEMANDS = 12;
const MAX_DEMAND_CHARACTERS = 220;

/**
 * What was learned as Markdown for the reflection model. Leaves out demands on the examples that the prompt shows anyway.
 * `undefined` when there is nothing to add.
 */
export function renderLearned(learned: Learned, shownIds: ReadonlySet<string>): string | undefined {
  const demands = learned.demands.filter(({ exampleIds }) => exampleIds.some((id) => !shownIds.has(id)));
  const parts = [answersLine(learned.answers), demandsList(demands)].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('\n\n');
}

/** More answers than this are a set to list only if they recur. */
const MAX_SINGLE_ANSWERS = 30;

/** The answers as far as they seem to be a set to choose from: a task with a new answer to every example has none. */
function answersLine(answers: readonly Finding[]): string | undefined {
  const namings = answers.reduce((sum, { exampleIds }) => sum + exampleIds.length, 0);
  const recur = namings >= 1.5 * answers.length;
  const isOpen = answers.length > MAX_SINGLE_ANSWERS || answers.every(({ text }) => !/\p{L}/u.test(text));
  if (answers.length < 2 || (isOpen && !recur)) return undefined;
  const shown: string[] = [];
  let size = 0;
  for (const { text } of answers) {
    size += text.length + 4;
    if (size > MAX_ANSWERS_CHARACTERS) break;
    shown.push(JSON.stringify(text));
  }
  const rest = answers.length - shown.length;
  return `Right answers seen so far: ${shown.join(', ')}${rest === 0 ? '' : `, and ${rest} more`}`;
}

function demandsList(demands: readonly Finding[]): string | undefined {
  const lines: string[] = [];
  let size = 0;
  for (const { text, exampleIds, variants = [] } of demands.slice(0, MAX_DEMANDS)) {
    const others =
      variants.length === 0 ? '' : `, also with ${oneLine(variants.join(', '), MAX_DEMAND_CHARACTERS)}`;
    const times = exampleIds.length === 1 ? '' : ` (on ${exampleIds.length} examples${others})`;
    const line = `- ${oneLine(text, MAX_DEMAND_CHARACTERS)}${times}`;
    size += line.length;
    if (size > MAX_DEMANDS_CHARACTERS) break;
    lines.push(line);
  }
  return lines.length === 0 ? undefined : `Feedback on other examples so far:\n${lines.join('\n')}`;
}
