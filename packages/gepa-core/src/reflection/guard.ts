import type { Component } from '../component.ts';

/** The ways in which a new text can violate its component's requirements. */
export type TextProblem = 'empty' | 'lost_placeholder' | 'invented_placeholder';

/**
 * Matches `{word}`, but not the argument of a LaTeX command such as `\boxed{answer}`, common in prompts for mathematics.
 */
const placeholder = /(?<!\\[A-Za-z]+(?:\{[^{}]*\})*)\{([\p{L}_$][\p{L}\p{N}_$.-]*)\}/gu;

/**
 * Checks a new text: it must not be empty, must contain every variable as `{name}`, and must not contain any other
 * `{word}` unless the current or the original text does. Without `variables`, braces have no meaning. The message of a
 * problem is also shown to the reflection model.
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

/** The distinct words in braces in a text. */
function placeholders(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(placeholder), (match) => match[1]!))];
}

function list(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
