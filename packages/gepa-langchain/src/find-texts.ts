import {
  type Candidate,
  type Component,
  NoComponentsError,
  type ProgramTexts,
  type Tunable,
  tunable,
  tunableComponents,
} from 'gepa-core/load';
import type { GepaOptions } from './options.ts';
import { type ComponentOptions, componentsOf } from './program/components.ts';
import { LiveParts } from './program/live-parts.ts';
import { mainProgram } from './program/program-with-parts.ts';
import { rewrite } from './program/rewrite.ts';
import { copyOf } from './program/traverse.ts';
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
  readonly including: (names: readonly string[]) => FoundTexts<Program>;
}

/** Finds the components of a program with their locations and descriptions. */
interface Discoverer {
  components(program: object, options: ComponentOptions): Readonly<Record<string, Component>>;
  /** The error for a program without texts, which says what was skipped. */
  noComponents(program: object): NoComponentsError;
}

/**
 * Finds the texts of a program. Selecting and renaming them is left to the caller.
 *
 * @param discoverer not needed in production, where names and texts suffice.
 * @param saved The names of texts in a saved candidate, which may be texts that are not optimized by default.
 * @throws {NoComponentsError} when there is none.
 * @throws {OptionsError} when a tunable has the name of another text.
 */
export function findTexts<Program extends object>(
  given: Program,
  options: GepaOptions,
  discoverer: Discoverer = { components: componentsOf, noComponents },
  saved: readonly string[] = [],
): FoundTexts<Program> {
  const { include, tunables: givenTunables = [], parts: givenParts = {}, tools = false } = options;
  // A compiled program is optimized from the texts that were compiled into it.
  const bound = unbindTunables(given);
  const { texts: textTunables, prompts } = splitTunables(givenTunables);
  const tunables = [...textTunables, ...constantsOf(givenParts)].map((tunable) =>
    withText(tunable, bound.tunableTexts[tunable.name]),
  );
  const parts = new LiveParts({ ...givenParts, ...prompts }, bound.copies);
  const program = parts.joinedTo(bound.program);
  const includedNames = include?.filter((name) => !name.includes('*'));
  const found = discoverer.components(program, { tools, saved, include: includedNames });
  const components = { ...found, ...tunableComponents(tunables, found) };
  if (Object.keys(components).length === 0) throw discoverer.noComponents(program);
  return {
    program,
    parts,
    tunables,
    boundTexts: bound.tunableTexts,
    components,
    including: (names) => findTexts(given, options, discoverer, names),
    apply: (candidate) => {
      const { programTexts, tunableTexts } = splitCandidate(candidate, tunables);
      const tools = new Map<object, object>();
      const rewritten = rewrite(program, programTexts, { tools });
      const texts = { ...bound.tunableTexts, ...tunableTexts };
      const main = mainProgram(rewritten);
      // What users assign to the new program must not change theirs.
      const own = main === mainProgram(program) ? copyOf(main) : main;
      const copies = parts.copiesIn(rewritten, tools, { ...programTexts, ...texts });
      if (Object.keys(texts).length === 0 && copies.isEmpty) return rewritten;
      // The program may be a part of itself.
      for (const [part, copy] of copies.objects) if (copy === main) copies.objects.set(part, own);
      parts.hook(program, Object.keys(components));
      return bindTunables(own, texts, copies);
    },
  };
}

function noComponents(): NoComponentsError {
  return new NoComponentsError('The program has no text. Pass `parts` and `tunables`.');
}

/** The strings among the parts, which are components like tunables. */
function constantsOf(parts: Readonly<Record<string, object | string>>): Tunable[] {
  return Object.entries(parts).flatMap(([name, text]) =>
    typeof text === 'string' ? tunable(name, text, { kind: 'instructions', location: `part "${name}"` }) : [],
  );
}

function withText({ name, component }: Tunable, text = component.text): Tunable {
  return { name, text, component: { ...component, text } };
}
