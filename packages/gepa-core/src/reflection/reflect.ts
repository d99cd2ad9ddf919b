import { addUsage, type Usage } from '../budget/usage.ts';
import type { Component } from '../component.ts';
import type { LanguageModelAnswer } from '../language-model.ts';
import { fenced, trimBlankLines } from './fence.ts';
import { checkText, type TextProblem } from './guard.ts';
import { buildReflectionPrompt, type ReflectionPromptRequest } from './prompt.ts';
import { type AnswerProblem, readAnswer } from './read-answer.ts';
import { shorten } from './shorten.ts';

/** Why an answer was rejected. */
export type RejectionReason = AnswerProblem | TextProblem | 'unchanged';

/** The new text, or the reason for which the answer was rejected. */
type Outcome =
  | { readonly text: string }
  | { readonly rejected: { readonly reason: RejectionReason; readonly message: string } };

/** The outcome of a reflection on one component, with the usage of its model calls. */
export type Reflection = Outcome & { readonly usage: Usage };

/** The length to which an invalid answer is shortened in the second prompt, in characters. */
const MAX_ANSWER_CHARACTERS = 6_000;

/**
 * Asks the reflection model for a better text of one component. After an invalid answer it asks once more and includes
 * the problem. Rejects a second invalid answer, and a text equal to the current one. Rethrows errors of `call`.
 */
export async function reflect(
  request: ReflectionPromptRequest & {
    /** Calls the model. Handles retries, the abort signal and the budget. */
    readonly call: (prompt: string) => Promise<LanguageModelAnswer & { readonly usage: Usage }>;
  },
): Promise<Reflection> {
  const prompt = buildReflectionPrompt(request);
  const first = await request.call(prompt);
  const outcome = outcomeOf(request, first);
  if ('text' in outcome || outcome.rejected.reason === 'unchanged') return { ...outcome, usage: first.usage };

  const second = await request.call(secondPrompt(prompt, first.text, outcome.rejected.message));
  return { ...outcomeOf(request, second), usage: addUsage(first.usage, second.usage) };
}

function outcomeOf(
  request: { readonly name: string; readonly component: Component; readonly currentText: string },
  answer: LanguageModelAnswer,
): Outcome {
  const reading = readAnswer(answer);
  if ('problem' in reading) return rejected(reading.problem, reading.message);
  const { text } = reading;
  if (text === trimBlankLines(request.currentText.replaceAll('\r\n', '\n'))) {
    return rejected('unchanged', `The new text of "${request.name}" is the current one.`);
  }
  const found = checkText({ ...request, text });
  return found === undefined ? { text } : rejected(found.problem, found.message);
}

function rejected(reason: RejectionReason, message: string): Outcome {
  return { rejected: { reason, message } };
}

function secondPrompt(prompt: string, answer: string, message: string): string {
  return `${prompt}

# Your last answer cannot be used

${message}

This was the answer:

${answer.trim() === '' ? '(nothing)' : fenced(shorten(answer, MAX_ANSWER_CHARACTERS), 4)}

Answer again as asked above, with the complete text and without this fault.`;
}
