import type { Component } from '../component.ts';

/** How a text can break its component's contract. */
export type TextProblem = 'empty' | 'lost_placeholder' | 'invented_placeholder';

/**
 * `{word}`. Not the argument of a LaTeX command, as in `\boxed{answer}`, which prompts for mathematics are full of.
 */
const placeholder = /(?<!\\[A-Za-z]+(?:\{[^{}]*\})*)\{([\p{L}_$][\p{L}\p{N}_$.-]*)\}/gu;

/**
 * Holds a new text against its component's contract: it is not empty, it holds every variable as `{name}`, and no
 * `{word}` besides that did not stand in the current or the component's own text. Without `variables` braces mean
 * nothing. Gives `undefined` when all is well, else what is wrong, in words for the one who wrote the text.
 */
export function checkText(request: {
  readonly name: string;
  readonly component: Component;
  readonly text: string;
  readonly currentText: string;
}): { readonly problem: TextProblem; readonly message: string } | undefined {
  const { name, component, text, currentText } = request;
  if (text.trim() === '') return { problem: 'empty', message: `The new text of "${name}" is empty.` };
  if (component.variables === undefined) return undefined;

  const known = new Set([
    ...component.variables,
    ...placeholders(currentText),
    ...placeholders(component.text),
  ]);
  const lost = component.variables.filter((variable) => !text.includes(`{${variable}}`));
  const invented = placeholders(text).filter((word) => !known.has(word));
  if (lost.length === 0 && invented.length === 0) return undefined;

  const sentences: string[] = [];
  if (lost.length > 0) {
    sentences.push(
      `The new text of "${name}" lost ${list(lost)}, which the program fills in: it must stand there exactly so.`,
    );
  }
  if (invented.length > 0) {
    sentences.push(
      `The new text of "${name}" holds ${list(invented)}, which nothing fills in: leave it out, or write it without ` +
        'braces, as <word>, where the reader is to fill it in.',
    );
  }
  return {
    problem: lost.length > 0 ? 'lost_placeholder' : 'invented_placeholder',
    message: sentences.join(' '),
  };
}

/** The words that stand in braces in a text, each once. */
function placeholders(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(placeholder), (match) => match[1]!))];
}

function list(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
