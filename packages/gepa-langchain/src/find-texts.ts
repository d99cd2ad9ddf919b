import { type Candidate, NoComponentsError, type ProgramTexts, type Tunable, tunable, tunableComponents } from 'gepa-core/load';
import type { GepaOptions } from './options.ts';
import { type Discovery, discover } from './program/discover.ts';
import type { Skipped } from './program/inspect-program.ts';
import { checkParts, LiveParts } from './program/live-parts.ts';
import { mainProgram } from './program/program-with-parts.ts';
import { rewrite } from './program/rewrite.ts';
import { bindTunables, splitCandidate, unbindTunables } from './program/tunables.ts';
import { splitTunables } from './tunable.ts';

/** The texts of a program, of its parts and of its tunables. */
export interface FoundTexts<Program> extends ProgramTexts<Program> {
  /** The program joined to its parts, without what was compiled into it for tunables and parts. */
  readonly program: Program;
  readonly parts: LiveParts;
  /** The tunables, with the texts that were compiled into the program. */
  readonly tunables: readonly Tunable[];
  /** The texts that were compiled into the program for tunables. */
  readonly boundTexts: Candidate;
  readonly skipped: readonly Skipped[];
}

/**
 * Finds the texts of a program. Selecting and renaming them is left to the caller.
 *
 * @throws {NoComponentsError} when there is none; the message lists what was inspected.
 * @throws {OptionsError} when a tunable has the name of another text, or a part has no text.
 */
export function findTexts<Program extends object>(
  given: Program,
  { include, tunables: givenTunables = [], parts: givenParts = {}, tools = false }: GepaOptions,
): FoundTexts<Program> {
  // A compiled program is optimized from the texts that were compiled into it.
  const bound = unbindTunables(given);
  const { texts: textTunables, prompts } = splitTunables(givenTunables);
  const tunables = [...textTunables, ...constantsOf(givenParts)].map((tunable) =>
    withText(tunable, bound.tunableTexts[tunable.name]),
  );
  checkParts(givenParts);
  const parts = new LiveParts({ ...givenParts, ...prompts }, bound.copies);
  const program = parts.joinedTo(bound.program);
  const includedNames = include?.filter((name) => !name.includes('*'));
  const discovery = discover(program, {
    tools,
    ...(includedNames === undefined ? {} : { include: includedNames }),
  });
  const components = { ...discovery.components, ...tunableComponents(tunables, discovery.components) };
  if (Object.keys(components).length === 0) throw noComponents(discovery);
  return {
    program,
    parts,
    tunables,
    boundTexts: bound.tunableTexts,
    components,
    skipped: discovery.skipped,
    apply: (candidate) => {
      const { programTexts, tunableTexts } = splitCandidate(candidate, tunables);
      const rewritten = rewrite(program, programTexts);
      const texts = { ...bound.tunableTexts, ...tunableTexts };
      const copies = parts.copiesIn(rewritten, texts);
      if (Object.keys(texts).length === 0 && copies.isEmpty) return rewritten;
      parts.hook(program);
      return bindTunables(mainProgram(rewritten), texts, copies);
    },
  };
}

/** The strings among the parts, which are components like tunables. */
function constantsOf(parts: Readonly<Record<string, object | string>>): Tunable[] {
  return Object.entries(parts).flatMap(([name, text]) =>
    typeof text === 'string'
      ? tunable(name, text, {
          kind: 'instructions',
          location: `part "${name}"`,
          description: 'A text that the program sends to a model.',
        })
      : [],
  );
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
