import { OptionsError } from 'gepa-core';
import { discover } from './discover.ts';
import { isReactAgent } from './graphs.ts';
import { inspectProgram } from './inspect-program.ts';
import type { Node } from './node.ts';
import { ProgramWithParts } from './program-with-parts.ts';
import { traverse } from './traverse.ts';

/**
 * The parts through which each text is read, by component name. Empty for a text that the program itself contains: hooks do
 * not see its use.
 */
export function readersIn(whole: object): Map<string, readonly string[]> {
  if (!(whole instanceof ProgramWithParts)) return new Map();
  const inProgram = nodesIn(whole.program);
  const inParts = Object.entries(whole.parts).map(([name, part]) => [name, nodesIn(part)] as const);
  return new Map(
    inspectProgram(whole).sites.flatMap(({ name, site }) => {
      const aliases = site.path.flatMap(({ node, kind }) => kind?.alias?.(node as Node) ?? []);
      const isIn = (nodes: ReadonlySet<unknown>) => [site.owner, ...aliases].some((one) => nodes.has(one));
      if (isIn(inProgram)) return [];
      return [[name, inParts.filter(([, nodes]) => isIn(nodes)).map(([part]) => part)] as const];
    }),
  );
}

/** @throws {OptionsError} when a part has no text, or is frozen. */
export function checkParts(parts: Readonly<Record<string, object | string>>): void {
  const problems = Object.entries(parts).flatMap(([name, part]) => {
    if (typeof part === 'string') return [];
    if (Object.isSealed(part))
      return [`\`parts.${name}\` is frozen or sealed, so it cannot have other texts.`];
    if (inspectProgram(part).sites.length > 0) return [];
    if (isReactAgent(part)) {
      return [
        `\`parts.${name}\` is an agent of createReactAgent, which hides its prompt in a function. ` +
          `Name the prompt instead: parts: { ${name}: PROMPT }, where PROMPT is the string, message or template that createReactAgent got as \`prompt\`.`,
      ];
    }
    const reasons = discover(part).skipped.map(
      ({ location, reason, hint }) => `${location}: ${reason}. ${hint}`,
    );
    return [`\`parts.${name}\` has no text to optimize. ${reasons.join(' ')}`.trim()];
  });
  if (problems.length > 0) throw new OptionsError(problems);
}

function nodesIn(program: unknown): Set<unknown> {
  const nodes = new Set<unknown>();
  traverse(program, { enter: (path) => nodes.add(path.at(-1)!.node) });
  return nodes;
}
