import { addUsage, type Usage } from '../budget/usage.ts';
import type { Component } from '../component.ts';
import type { LanguageModelAnswer } from '../language-model.ts';
import { fenced, trimBlankLines } from './fence.ts';
import { checkText, type TextProblem } from './guard.ts';
import { buildReflectionPrompt, type ReflectionPromptRequest } from './prompt.ts';
import { type AnswerProblem, readAnswer } from './read-answer.ts';
import { shorten } from './shorten.ts';

/** Why an answer led to no new text. */
export type RejectionReason = AnswerProblem | TextProblem | 'unchanged';

/** What reflecting on a component came to, and what asking cost. */
export type Reflection =
  | { readonly text: string; readonly usage: Usage }
  | {
      readonly rejected: { readonly reason: RejectionReason; readonly message: string };
      readonly usage: Usage;
    };

/** How much of a faulty answer the model is shown again, in characters. */
const shownOfFaultyAnswer = 6_000;

/**
 * Asks for a better text of one component. A faulty answer is asked for once more, with what was wrong with it; a
 * second fault, or a text that is the old one, is a rejection. What `call` throws is thrown on.
 */
export async function reflect(
  request: ReflectionPromptRequest & {
    /** Asks the model; the retries, the abort signal and the accounting of the run are the caller's. */
    readonly call: (prompt: string) => Promise<LanguageModelAnswer & { readonly usage: Usage }>;
  },
): Promise<Reflection> {
  const prompt = buildReflectionPrompt(request);
  const first = await request.call(prompt);
  const verdict = judge(request, first);
  if ('text' in verdict || verdict.rejected.reason === 'unchanged') return { ...verdict, usage: first.usage };

  const second = await request.call(secondPrompt(prompt, first.text, verdict.rejected.message));
  return { ...judge(request, second), usage: addUsage(first.usage, second.usage) };
}

type Verdict =
  | { readonly text: string }
  | { readonly rejected: { readonly reason: RejectionReason; readonly message: string } };

function judge(
  request: { readonly name: string; readonly component: Component; readonly currentText: string },
  answer: LanguageModelAnswer,
): Verdict {
  const reading = readAnswer(answer);
  if ('problem' in reading) return rejected(reading.problem, reading.message);
  const { text } = reading;
  if (text === trimBlankLines(request.currentText.replaceAll('\r\n', '\n'))) {
    return rejected('unchanged', `The new text of "${request.name}" is the current one.`);
  }
  const fault = checkText({ ...request, text });
  return fault === undefined ? { text } : rejected(fault.problem, fault.message);
}

function rejected(reason: RejectionReason, message: string): Verdict {
  return { rejected: { reason, message } };
}

function secondPrompt(prompt: string, answer: string, message: string): string {
  return `${prompt}

# Your last answer cannot be used

${message}

This was the answer:

${answer.trim() === '' ? '(nothing)' : fenced(shorten(answer, shownOfFaultyAnswer), 4)}

Answer again as asked above, with the complete text and without this fault.`;
}
