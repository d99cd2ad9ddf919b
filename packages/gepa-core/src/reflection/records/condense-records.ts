import type { Plain } from '../../text/plain.ts';
import { findText } from './find-text.ts';

export type PlainRecord = Readonly<Record<string, Plain>>;

/** A component's text, which the prompt shows elsewhere. */
export interface KnownText {
  readonly text: string;
  readonly variables?: readonly string[];
  /** The reference to the text, such as `the text above`. */
  readonly name: string;
  /** Whether the prompt has the whole text above the records. */
  readonly isAbove: boolean;
}

/** Headings whose contents stay as they are. */
const untouched = /^(input|score|objectives|feedback.*|error)$/i;
const viewHeading = 'What the model saw';
/** A shorter input may occur in a text by chance. */
const MIN_INPUT_CHARACTERS = 20;
const MAX_INPUTS = 50;
/** A shorter template is shown filled in once, as an example of the layout. */
const MIN_TEMPLATE_CHARACTERS = 200;
/** Shorter entries are not replaced by a reference. */
const MIN_ENTRY_CHARACTERS = 80;

/**
 * Removes repetitions from records. Marks such as `[the text above]`, `[ticket of the input]` and `[the answer of call 1]`
 * replace the texts of components, filled in or not, the inputs, and earlier answers in what was sent to models. The first
 * record keeps the full view, except for the texts above; in further views, messages that were laid out in the same way
 * are left out. Entries of lists that the feedback quotes are shortened.
 */
export function condenseRecords(
  records: readonly PlainRecord[],
  texts: readonly KnownText[],
): { readonly records: PlainRecord[]; readonly isLaidOutAs?: number } {
  const above = texts.filter(
    ({ isAbove, text, variables = [] }) =>
      isAbove && (variables.length === 0 || text.length >= MIN_TEMPLATE_CHARACTERS),
  );
  let first: { readonly example: number; readonly messages: ReadonlySet<string> } | undefined;
  let hasRepeatedViews = false;
  const condensed = records.map((record, index) => {
    const quoting = withoutQuoted(record);
    const inputs = inputsIn(record.Input ?? null);
    const short = withAnswerMarks(mapSections(quoting, (text) => marked(text, texts, inputs)));
    if (first !== undefined) {
      const rest = withoutRepeatedViews(short, first.messages);
      hasRepeatedViews ||= rest !== short;
      return rest;
    }
    const messages = new Set([...viewsIn(short)].flatMap(messageKeysOf));
    if (messages.size === 0) return short;
    first = { example: index + 1, messages };
    return withoutSeenInput(mapSections(quoting, (text) => marked(text, above, [])));
  });
  return { records: condensed, isLaidOutAs: hasRepeatedViews ? first!.example : undefined };
}

/** The record without its input if the models' messages contain all texts of the input. */
function withoutSeenInput(record: PlainRecord): PlainRecord {
  const { Input: input } = record;
  if (input === undefined) return record;
  const views = [...viewsIn(record)].map((view) => JSON.stringify(view));
  const texts = [...leavesOf(input)];
  // A short text must be a complete text there.
  const form = (text: string) =>
    text.length < MIN_INPUT_CHARACTERS ? JSON.stringify(text) : JSON.stringify(text).slice(1, -1);
  const isSeen = texts.every(
    (text) => typeof text === 'string' && views.some((view) => view.includes(form(text))),
  );
  if (texts.length === 0 || !isSeen) return record;
  const { Input: _, ...rest } = record;
  return rest;
}

function* leavesOf(value: Plain): Generator<Plain> {
  if (typeof value !== 'object' || value === null) yield value;
  else for (const item of Object.values(value)) yield* leavesOf(item);
}

/** The record with a reference in place of entries of lists that the feedback quotes. */
function withoutQuoted(record: PlainRecord): PlainRecord {
  const { Feedback: feedback } = record;
  if (typeof feedback !== 'string' || feedback.length < MIN_ENTRY_CHARACTERS) return record;
  const isQuoted = (entry: Plain): boolean => {
    const leaves = [...leavesOf(entry)];
    const length = leaves.reduce<number>((sum, leaf) => sum + String(leaf).length, 0);
    return length >= MIN_ENTRY_CHARACTERS && leaves.every((leaf) => feedback.includes(String(leaf)));
  };
  const replaced = (value: Plain): Plain => {
    if (typeof value !== 'object' || value === null) return value;
    if (!isList(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item)]));
    }
    return value.map((entry) =>
      isQuoted(entry)
        ? `${String(leavesOf(entry).next().value).slice(0, 30)}… [see the feedback]`
        : replaced(entry),
    );
  };
  return Object.fromEntries(
    Object.entries(record).map(([heading, value]) => [
      heading,
      untouched.test(heading) ? value : replaced(value),
    ]),
  );
}

function mapSections(record: PlainRecord, change: (text: string) => string): PlainRecord {
  return Object.fromEntries(
    Object.entries(record).map(([heading, value]) => [
      heading,
      untouched.test(heading) ? value : mapTexts(value, change),
    ]),
  );
}

function mapTexts(value: Plain, change: (text: string) => string): Plain {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => mapTexts(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}

export interface Input {
  readonly text: string;
  readonly mark: string;
}

/** The texts of an input that have a name of their own, the longest first. */
export function inputsIn(value: Plain, name = 'the input'): Input[] {
  const found: Input[] = [];
  const visit = (part: Plain, name: string): void => {
    if (found.length >= MAX_INPUTS) return;
    if (typeof part === 'string') {
      if (part.trim() !== '') found.push({ text: part.trim(), mark: `[${name}]` });
    } else if (typeof part === 'object' && part !== null) {
      for (const [key, field] of Object.entries(part)) {
        // The role of a message is in each message that the model saw, and no text.
        if (key === 'role' && 'content' in part) continue;
        visit(field, isList(part) ? name : `${key.slice(0, 40)} of the input`);
      }
    }
  };
  visit(value, name);
  const isNamed = ({ mark }: Input) => found.filter((other) => other.mark === mark).length === 1;
  return found.filter(isNamed).sort((a, b) => b.text.length - a.text.length);
}

/** A text with marks in place of known texts and inputs. `brief` marks do without the values of placeholders. */
export function marked(
  text: string,
  texts: readonly KnownText[],
  inputs: readonly Input[],
  brief = false,
): string {
  let result = text;
  for (const known of texts) {
    const found = findText(known.text, known.variables, result);
    if (found === undefined) continue;
    const values = Object.entries(found.values).map(
      ([name, value]) => [name, withInputs(value, inputs)] as const,
    );
    const others = values.filter(([, value]) => !inputs.some(({ mark }) => mark === value));
    const mark = brief
      ? `[${known.name}${values.length > 0 ? ', filled in' : ''}]`
      : others.length > 0
        ? `[${known.name}, filled in with]${others.map(([name, value]) => `\n{${name}} = ${value}`).join('')}`
        : `[${known.name}${values.length > 0 ? ', filled in with the input' : ''}]`;
    result = result.slice(0, found.start) + mark + result.slice(found.end);
  }
  return withInputs(result, inputs);
}

function withInputs(text: string, inputs: readonly Input[]): string {
  const whole = inputs.find((input) => input.text === text.trim());
  if (whole !== undefined) return whole.mark;
  return inputs.reduce(
    (result, input) =>
      input.text.length < MIN_INPUT_CHARACTERS ? result : result.replaceAll(input.text, () => input.mark),
    text,
  );
}

/** The record with marks for the answers of earlier calls in what the models saw. */
function withAnswerMarks(record: PlainRecord): PlainRecord {
  const { Calls: calls } = record;
  if (typeof calls !== 'object' || calls === null || !isList(calls)) return record;
  const answers: Input[] = [];
  const markedCalls = calls.map((call, index): Plain => {
    if (typeof call !== 'object' || call === null || isList(call)) return call;
    const { [viewHeading]: view, Answer: answer } = call as PlainRecord;
    const known = [...answers];
    if (typeof answer === 'string' && answer.length >= MIN_INPUT_CHARACTERS)
      answers.push({ text: answer.trim(), mark: `[the answer of call ${index + 1}]` });
    return view === undefined || known.length === 0
      ? call
      : { ...call, [viewHeading]: mapTexts(view, (text) => withInputs(text, known)) };
  });
  return { ...record, Calls: markedCalls };
}

/** What the models saw. */
function* viewsIn(value: Plain): Generator<Plain> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === viewHeading) yield item;
    else yield* viewsIn(item);
  }
}

/** The messages of a view, as strings that are equal for the same layout. Notes on a conversation are none. */
function messageKeysOf(view: Plain): string[] {
  if (typeof view !== 'object' || view === null) return [];
  return isList(view)
    ? view.filter((message) => typeof message === 'object').map((message) => JSON.stringify(message))
    : [JSON.stringify(view)];
}

function withoutRepeatedViews(record: PlainRecord, messages: ReadonlySet<string>): PlainRecord {
  let isChanged = false;
  const isNew = (part: Plain) => typeof part !== 'object' || !messages.has(JSON.stringify(part));
  const rest = (value: Plain): Plain => {
    if (typeof value !== 'object' || value === null) return value;
    if (isList(value)) return value.map(rest);
    const fields = Object.entries(value).flatMap(([key, item]): [string, Plain][] => {
      if (key !== viewHeading || typeof item !== 'object' || item === null) return [[key, rest(item)]];
      const shown = isList(item) ? item.filter(isNew) : isNew(item) ? item : [];
      isChanged ||= shown !== item && JSON.stringify(shown) !== JSON.stringify(item);
      // A note that introduces messages is useless without them.
      const isEmpty =
        isList(shown) &&
        (shown.length === 0 ||
          (isList(item) && shown.length < item.length && shown.every((part) => typeof part === 'string')));
      return isEmpty ? [] : [[key, shown]];
    });
    return Object.fromEntries(fields);
  };
  const changed = rest(record) as PlainRecord;
  return isChanged ? changed : record;
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}
