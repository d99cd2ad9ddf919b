import { addUsage, type Usage } from '../budget/usage.ts';
import type { LanguageModelAnswer } from '../language-model.ts';
import { checkText, type TextProblem } from '../text/check-text.ts';
import { fenced } from '../text/fence.ts';
import { shorten } from '../text/shorten.ts';
import { type AnswerProblem, asAnswered, readAnswer } from './answer/read-answer.ts';
import type { CheckLimits, LimitProblem } from './answer/text-limits.ts';
import {
  buildReflectionPrompt,
  type ComponentRequest,
  ownLines,
  type ReflectionPromptRequest,
} from './prompt/prompt.ts';
import { refusedText } from './proposer.ts';

/** Why a text was rejected. */
export type RejectionReason = AnswerProblem | TextProblem | LimitProblem | 'unchanged';

export interface Rejection {
  readonly reason: RejectionReason;
  readonly message: string;
  /** The text, where the answer had one. */
  readonly text?: string;
}

/** The outcome of one reflection, with the usage of its model calls. A component that the answer leaves out is in neither map. */
export interface Reflection {
  readonly texts: ReadonlyMap<string, string>;
  readonly rejected: ReadonlyMap<string, Rejection>;
  /** Whether the first answer was cut off, for some of the texts at least. */
  readonly wasCutOff: boolean;
  readonly usage: Usage;
}

/** The length to which an invalid answer is shortened in the second prompt, in characters. */
const MAX_ANSWER_CHARACTERS = 6_000;

/**
 * Asks the reflection model for better texts of one or several components. It asks once more for the texts that cannot
 * be used, with their problems; the others are kept. Rejects what is invalid again, and a text equal to the current one.
 * Rethrows errors of `call`.
 */
export async function reflect(
  request: ReflectionPromptRequest & {
    /** Whether to ask again after an answer that was cut off. Default: `true`. */
    readonly asksAgainAfterCutOff?: boolean;
    /** Checks a text against the caller's limits. Default: there are none. */
    readonly checkLimits?: CheckLimits;
    /** Calls the model. Handles retries, the abort signal and the budget. */
    readonly call: (prompt: string) => Promise<LanguageModelAnswer & { readonly usage: Usage }>;
  },
): Promise<Reflection> {
  const { components, asksAgainAfterCutOff = true } = request;
  const prompt = buildReflectionPrompt(request);
  const first = await request.call(prompt);
  const outcome = await outcomeOf(request, components, first, false);

  const invalid = components.filter(({ name }) => {
    const reason = outcome.rejected.get(name)?.reason;
    return reason !== undefined && reason !== 'unchanged' && (asksAgainAfterCutOff || reason !== 'cut_off');
  });
  const wasCutOff = [...outcome.rejected.values()].some(({ reason }) => reason === 'cut_off');
  if (invalid.length === 0) return { ...outcome, wasCutOff, usage: first.usage };

  const second = await request.call(secondPrompt(prompt, request, invalid, first.text, outcome));
  const again = await outcomeOf(request, invalid, second, true);
  // A text without a block of its own in either answer was left out, and not rejected.
  const hadNoBlock = invalid.length === components.length && messagesOf(invalid, outcome).size === 1;
  const rejected = new Map([...(hadNoBlock ? [] : outcome.rejected), ...again.rejected]);
  for (const name of again.texts.keys()) rejected.delete(name);
  return {
    texts: new Map([...outcome.texts, ...again.texts]),
    rejected,
    wasCutOff,
    usage: addUsage(first.usage, second.usage),
  };
}

function againRequest(all: readonly ComponentRequest[], invalid: readonly ComponentRequest[]): string {
  if (all.length === 1) return 'Answer again as asked above, with the complete text and without this fault.';
  // As in the first request, which leaves the choice of texts to the model.
  if (invalid.length === all.length) {
    return 'Answer again as asked above: one block for each text that you change, with the complete text and without this fault. Leave the others out.';
  }
  const names = invalid.map(({ name }) => `"${name}"`).join(' and ');
  return `Answer again with the complete text of ${names} only, in blocks as asked above and without these faults.`;
}

type Outcome = Omit<Reflection, 'usage' | 'wasCutOff'>;

async function outcomeOf(
  request: ReflectionPromptRequest & { readonly checkLimits?: CheckLimits },
  components: readonly ComponentRequest[],
  answer: LanguageModelAnswer,
  isLast: boolean,
): Promise<Outcome> {
  const texts = new Map<string, string>();
  const rejected = new Map<string, Rejection>();
  const readings = readAnswer(answer, components, {
    names: request.components.map(({ name }) => name),
    ownLines: [...ownLines(request), ...(isLast ? [againRequest(request.components, components)] : [])],
    // A model that leaves out the block twice never writes one: a plausible text is better than none.
    needsBlock: !isLast,
  });
  for (const component of components) {
    const { name, currentText } = component;
    const reading = readings.get(name);
    if (reading === undefined) continue;
    if ('problem' in reading) {
      rejected.set(name, { reason: reading.problem, message: reading.message });
      continue;
    }
    const { text } = reading;
    if (text === asAnswered(currentText)) {
      rejected.set(name, { reason: 'unchanged', message: `The new text of "${name}" is the current one.` });
      continue;
    }
    const found =
      checkText({ ...component, text }) ?? (await request.checkLimits?.({ name, text, currentText, isLast }));
    if (found === undefined) texts.set(name, text);
    else rejected.set(name, { reason: found.problem, message: found.message, text: refusedText(text) });
  }
  return { texts, rejected };
}

const messagesOf = (invalid: readonly ComponentRequest[], { rejected }: Outcome): ReadonlySet<string> =>
  new Set(invalid.map(({ name }) => rejected.get(name)!.message));

function secondPrompt(
  prompt: string,
  { components }: ReflectionPromptRequest,
  invalid: readonly ComponentRequest[],
  answer: string,
  outcome: Outcome,
): string {
  return `${prompt}

# Your last answer cannot be used

${[...messagesOf(invalid, outcome)].join('\n')}

This was the answer:

${answer.trim() === '' ? '(nothing)' : fenced(shorten(answer, MAX_ANSWER_CHARACTERS), 4)}

${againRequest(components, invalid)}`;
}
