import { type Candidate, ownValue } from '../component.ts';

/**
 * By text that was put into a program of this process: the texts in code that it stands for, by component. A program
 * that is optimized again after `load` keeps them, however it was wrapped or copied since, so that what is saved then
 * still fits the program in code.
 */
const originals = new Map<string, Map<string, string>>();

/** The text in code of a component that has `text` now: `text` itself unless it was put there. */
export function originalText(name: string, text: string): string {
  const known = originals.get(text);
  // A component may have another name in a program around its own.
  return known?.get(name) ?? known?.values().next().value ?? text;
}

/** Notes what a candidate's texts stand for, before they are put into a program with the texts of `seed`. */
export function rememberOriginals(seed: Candidate, candidate: Candidate): void {
  for (const [name, text] of Object.entries(candidate)) {
    const before = ownValue(seed, name);
    if (before === undefined || before === text) continue;
    const original = originalText(name, before);
    // A text that is back in the place where it came from is its own original.
    if (original === text) continue;
    const known = originals.get(text) ?? new Map<string, string>();
    originals.set(text, known.set(name, original));
  }
}
