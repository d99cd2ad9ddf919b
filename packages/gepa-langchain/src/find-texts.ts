import {
  type Candidate,
  NoComponentsError,
  type ProgramTexts,
  type Tunable,
  tunableComponents,
} from 'gepa-core/load';
import type { GepaOptions } from './options.ts';
import { type Discovery, discover } from './program/discover.ts';
import type { Skipped } from './program/inspect-program.ts';
import { rewrite } from './program/rewrite.ts';
import { bindTunables, splitCandidate, unbindTunables } from './program/tunables.ts';

/** The texts of a program and of its tunables. */
export interface FoundTexts<Program> extends ProgramTexts<Program> {
  /** The program without the texts that were compiled into it for tunables. */
  readonly program: Program;
  /** The tunables, with the texts that were compiled into the program. */
  readonly tunables: readonly Tunable[];
  /** The texts that were compiled into the program for tunables. */
  readonly boundTexts: Candidate;
  readonly skipped: readonly Skipped[];
  readonly including: (names: readonly string[]) => FoundTexts<Program>;
}

/**
 * Finds the texts of a program. Selecting and renaming them is left to the caller.
 *
 * @param saved The names of texts in a saved candidate, which may be texts that are not optimized by default.
 * @throws {NoComponentsError} when there is none; the message lists what was inspected.
 * @throws {OptionsError} when a tunable has the name of another text.
 */
export function findTexts<Program extends object>(
  given: Program,
  options: GepaOptions,
  saved: readonly string[] = [],
): FoundTexts<Program> {
  const { include, tunables: givenTunables = [], tools = false } = options;
  // A compiled program is optimized from the tunables' texts that were compiled into it.
  const { program, tunableTexts: boundTexts } = unbindTunables(given);
  const tunables = givenTunables.map((tunable) => withText(tunable, boundTexts[tunable.name]));
  const includedNames = include?.filter((name) => !name.includes('*'));
  const discovery = discover(program, {
    tools,
    saved,
    ...(includedNames === undefined ? {} : { include: includedNames }),
  });
  const components = { ...discovery.components, ...tunableComponents(tunables, discovery.components) };
  if (Object.keys(components).length === 0) throw noComponents(discovery);
  return {
    program,
    tunables,
    boundTexts,
    components,
    skipped: discovery.skipped,
    including: (names) => findTexts(given, options, names),
    apply: (candidate) => {
      const { programTexts, tunableTexts } = splitCandidate(candidate, tunables);
      const rewritten = rewrite(program, programTexts);
      const texts = { ...boundTexts, ...tunableTexts };
      return Object.keys(texts).length === 0 ? rewritten : bindTunables(rewritten, texts);
    },
  };
}

function withText(tunable: Tunable, text: string | undefined): Tunable {
  return text === undefined
    ? tunable
    : { name: tunable.name, text, component: { ...tunable.component, text } };
}

function noComponents({ inspected, skipped }: Discovery): NoComponentsError {
  const parts = inspected.map(({ type, location }) => `${type} at ${location}`).join('; ');
  const skips = skipped.map(({ location, reason, hint }) => `${location}: ${reason}. ${hint}`);
  return new NoComponentsError(
    `There is no text to optimize in this program. Inspected: ${parts || 'nothing'}.${skips.length === 0 ? '' : `\nSkipped:\n- ${skips.join('\n- ')}`}`,
  );
}
