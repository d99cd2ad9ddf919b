import { type Candidate, ownValue } from '../component.ts';

/**
 * The texts in code that were replaced in this process: by the new text, then by component. A program that is optimized
 * again after `load`, also when it was wrapped or copied in between, is saved with its texts in code, so that the file
 * fits the program in code.
 */
const originals = new Map<string, Map<string, string>>();

/** The text in code of a component that has `text` now: `text` itself unless it replaced another text. */
export function originalText(name: string, text: string): string {
  const known = originals.get(text);
  // In a larger program, the component may have another name.
  return known?.get(name) ?? known?.values().next().value ?? text;
}

/** Remembers the texts that a candidate's texts replace, before they are applied to a program with the texts of `seed`. */
export function rememberOriginals(seed: Candidate, candidate: Candidate): void {
  for (const [name, text] of Object.entries(candidate)) {
    const before = ownValue(seed, name);
    if (before === undefined || before === text) continue;
    const original = originalText(name, before);
    // The text in code again: it is its own original.
    if (original === text) continue;
    const known = originals.get(text) ?? new Map<string, string>();
    originals.set(text, known.set(name, original));
  }
}
