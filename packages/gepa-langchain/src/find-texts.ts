import {
  type Candidate,
  type ComponentSelectionOptions,
  NoComponentsError,
  type ProgramTexts,
  type Tunable,
  tunableComponents,
} from 'gepa-core/load';
import { carryTexts, uncarry } from './carry-texts.ts';
import { type Discovery, discover, rewrite, type Skipped } from './program/index.ts';
import { splitCandidate } from './tunables.ts';

/** Which texts of a program are components. */
export interface TextOptions extends ComponentSelectionOptions {
  /** Texts inside functions of the program (nodes, tools, lambdas, an `entrypoint`) that are components too. */
  readonly tunables?: readonly Tunable[];
  /**
   * Whether the descriptions of tools, of their schemas at every depth, and of structured output are components too.
   * Default `false`: improving them does not always help, and each is one more component to spend the budget on.
   */
  readonly tools?: boolean;
}

/** The texts of a program and of its tunables. */
export interface FoundTexts<Program> extends ProgramTexts<Program> {
  /** The program itself, without the texts it had for its tunables. */
  readonly program: Program;
  /** With the texts that the program has for them. */
  readonly tunables: readonly Tunable[];
  /** The program's texts for its tunables, from when it was compiled before. */
  readonly carried: Candidate;
  readonly skipped: readonly Skipped[];
}

/**
 * Finds the texts of a program. The selection by `exclude` and `rename` is left to the caller.
 *
 * @throws {NoComponentsError} when there is none; the message lists what was inspected.
 * @throws {OptionsError} when a tunable has the name of another text.
 */
export function findTexts<Program>(
  given: Program,
  { include, tunables: givenTunables = [], tools = false }: TextOptions,
): FoundTexts<Program> {
  // A program that was compiled before is improved from the texts it has for its tunables.
  const { program, texts: carried } = uncarry(given);
  const tunables = givenTunables.map((one) => withText(one, carried[one.name]));
  const named = include?.filter((name) => !name.includes('*'));
  const discovery = discover(program, { tools, ...(named === undefined ? {} : { include: named }) });
  const components = { ...discovery.components, ...tunableComponents(tunables, discovery.components) };
  if (Object.keys(components).length === 0) throw nothingFound(discovery);
  const apply = (candidate: Candidate): Program => {
    const { own, tuned } = splitCandidate(candidate, tunables);
    const rewritten = rewrite(program, own);
    const texts = { ...carried, ...tuned };
    return Object.keys(texts).length === 0
      ? rewritten
      : (carryTexts(rewritten as Program & object, texts) as Program);
  };
  return { program, tunables, carried, components, apply, skipped: discovery.skipped };
}

function withText(one: Tunable, text: string | undefined): Tunable {
  return text === undefined ? one : { name: one.name, text, component: { ...one.component, text } };
}

function nothingFound({ inspected, skipped }: Discovery): NoComponentsError {
  const seen = inspected.map(({ type, location }) => `${type} at ${location}`).join('; ');
  const passed = skipped.map(({ location, reason, hint }) => `${location}: ${reason}. ${hint}`);
  return new NoComponentsError(
    `There is no text to optimize in this program. Looked at: ${seen || 'nothing'}.${passed.length === 0 ? '' : `\nPassed over:\n- ${passed.join('\n- ')}`}`,
  );
}
