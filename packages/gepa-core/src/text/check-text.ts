import type { Component } from '../component.ts';

/** The ways in which a new text can violate its component's requirements. */
export type TextProblem = 'empty' | 'lost_placeholder' | 'invented_placeholder';

const placeholderName = /^[\p{L}_$][\p{L}\p{N}_$.-]*$/u;

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

  const sentence = (verb: string, words: readonly string[], what: string) =>
    words.length === 0 ? [] : [`The new text of "${name}" ${verb} ${list(words)}, which ${what}.`];
  return {
    problem: lost.length > 0 ? 'lost_placeholder' : 'invented_placeholder',
    message: [
      ...sentence('lost', lost, 'the program fills in: it must stand there exactly so'),
      ...sentence('has', invented, 'nothing fills in: leave it out, or write it without braces'),
    ].join(' '),
  };
}

/**
 * The distinct words in braces in a text, without the arguments of LaTeX commands such as `\boxed{answer}`, common in
 * prompts for mathematics.
 */
function placeholders(text: string): string[] {
  const words = new Set<string>();
  let previous = { end: -1, isArgument: false };
  for (const { 0: braces, index } of text.matchAll(/\{[^{}]*\}/g)) {
    const isArgument = previous.end === index ? previous.isArgument : endsInCommand(text, index);
    previous = { end: index + braces.length, isArgument };
    const word = braces.slice(1, -1);
    if (!isArgument && placeholderName.test(word)) words.add(word);
  }
  return [...words];
}

/** Whether a LaTeX command ends at a position. */
function endsInCommand(text: string, end: number): boolean {
  let start = end;
  while (start > 0 && /[A-Za-z]/.test(text[start - 1]!)) start--;
  return start < end && text[start - 1] === '\\';
}

function list(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
