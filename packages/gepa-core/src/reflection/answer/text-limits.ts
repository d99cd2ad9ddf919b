import { ownValue } from '../../component.ts';
import { StrategyError } from '../../errors.ts';
import { messageOf } from '../../text/error-message.ts';
import { type CopiedPassage, copiedPassages } from './copied-passages.ts';

/** The reason to refuse a text, as a sentence for the reflection model; `undefined` for a text that is fine. */
export type ValidateText = (text: string) => string | undefined;

/** One value for all components, or values by name. */
export type PerComponent<Name extends string, Value> = Value | Partial<Record<Name, Value>>;

/** The value of an option for a component. */
export function valueFor<Value extends string | number | ((...args: never) => unknown)>(
  option: PerComponent<string, Value> | undefined,
  name: string,
): Value | undefined {
  return typeof option === 'object' ? ownValue<Value>(option as Record<string, Value>, name) : option;
}

/** The ways in which a new text can break the caller's limits. */
export type LimitProblem = 'too_long' | 'refused' | 'copied';

export interface LimitedText {
  readonly name: string;
  readonly text: string;
  readonly currentText: string;
  /** Whether it is the last answer. Copies are then accepted; the result warns about them. */
  readonly isLast: boolean;
}

/** Checks a new text against the caller's limits. */
export type CheckLimits = (
  text: LimitedText,
) => Promise<{ readonly problem: LimitProblem; readonly message: string } | undefined>;

/** Limits on new texts. */
export interface TextLimits<Name extends string = string> {
  /**
   * The maximum number of characters of a new text, for all components or by name. A longer answer is asked for once
   * more, then rejected. A text that is longer from the start may stay as long. Default: no limit.
   */
  readonly maxLength?: PerComponent<Name, number> | undefined;
  /**
   * Checks a new text, for all components or by name: returns the reason to refuse it, or `undefined`. The reflection
   * model is asked once more with the reason; then the text is rejected. An error that it throws is a reason too.
   * Default: no check.
   */
  readonly validate?: PerComponent<Name, ValidateText> | undefined;
}

/** Finds what a text copies from the trainset. */
export type FindCopies = (text: string) => Promise<readonly CopiedPassage[]>;

/** Finds copies of training examples in texts, except passages that the seed's texts have too. */
export function copyFinder(
  seedTexts: readonly string[],
  trainset: readonly { readonly id: string; readonly example: unknown }[],
): FindCopies {
  return (text) => copiedPassages(text, seedTexts, trainset);
}

export function createLimits({ maxLength, validate }: TextLimits, copied: FindCopies): CheckLimits {
  return async ({ name, text, currentText, isLast }) => {
    const max = valueFor(maxLength, name);
    // A text that was too long from the start may keep its length, but not grow.
    if (max !== undefined && text.length > Math.max(max, currentText.length)) {
      return {
        problem: 'too_long',
        message: `The new text of "${name}" has ${text.length} characters; at most ${Math.max(max, currentText.length)} are allowed. Say the same more briefly, or leave out what matters least.`,
      };
    }
    const reason = refusal(valueFor(validate, name), text);
    if (reason !== undefined) {
      return { problem: 'refused', message: `The new text of "${name}" is refused: ${reason}` };
    }
    if (isLast) return undefined;
    const known = new Set((await copied(currentText)).map(({ passage }) => passage));
    const copies = (await copied(text)).filter(({ passage }) => !known.has(passage));
    if (copies.length === 0) return undefined;
    return {
      problem: 'copied',
      message: `The new text of "${name}" copies examples that it is improved on: ${quoted(copies)}. It must work for other inputs: replace each by an invented example or by the rule behind it.`,
    };
  };
}

/** @throws {StrategyError} when `validate` returns neither a string nor `undefined`. */
function refusal(validate: ValidateText | undefined, text: string): string | undefined {
  let reason: unknown;
  try {
    reason = validate?.(text);
  } catch (error) {
    return messageOf(error);
  }
  if (reason === undefined || typeof reason === 'string') return reason || undefined;
  throw new StrategyError(
    `validate returned ${reason instanceof Promise ? 'a promise' : JSON.stringify(reason)}. Return the reason to refuse the text as a string, or undefined to accept it.`,
  );
}

/** A warning about the passages that a candidate copies from the trainset. */
export async function copyWarning(
  texts: Readonly<Record<string, string>>,
  copied: FindCopies,
): Promise<string | undefined> {
  const parts: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const copies = await copied(text);
    if (copies.length > 0) parts.push(`"${name}" has ${quoted(copies)}`);
  }
  if (parts.length === 0) return undefined;
  return `The best candidate copies training examples: ${parts.join('; ')}. Its scores on them say little, and private data may be among them.`;
}

const MAX_PASSAGES = 3;
const MAX_PASSAGE_CHARACTERS = 120;

function quoted(copies: readonly CopiedPassage[]): string {
  const shown = copies.slice(0, MAX_PASSAGES).map(({ passage, exampleId }) => {
    const line = passage.replaceAll(/\s+/g, ' ');
    return `“${line.length <= MAX_PASSAGE_CHARACTERS ? line : `${line.slice(0, MAX_PASSAGE_CHARACTERS)}…`}” (${exampleId})`;
  });
  const rest = copies.length - shown.length;
  return `${shown.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}
