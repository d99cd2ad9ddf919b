import { OptionsError } from 'gepa-core';
import { escapeRegExp } from '../util/escape-reg-exp.ts';
import { inspectProgram } from './inspect-program.ts';

/**
 * Refuses patterns of `include` that only fit texts that are no components by default, because patterns select among
 * components.
 *
 * @param names the components.
 * @throws {OptionsError} with the way to include these texts.
 */
export function checkInclude(
  program: object,
  names: readonly string[],
  include: readonly string[] = [],
): void {
  const found = inspectProgram(program).sites;
  const problems = include
    .filter((pattern) => pattern.includes('*'))
    .flatMap((pattern) => {
      const matcher = new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`, 's');
      const others = found.filter(({ name }) => matcher.test(name));
      if (others.length === 0 || names.some((name) => matcher.test(name))) return [];
      const areDescriptions = others.some(({ optIn }) => optIn === 'description');
      return [
        `\`include\` names "${pattern}", but these texts are no components by default. ` +
          `${areDescriptions ? 'Pass `tools: true`, or give' : 'Give'} their names without \`*\`: ${others.map(({ name }) => name).join(', ')}.`,
      ];
    });
  if (problems.length > 0) throw new OptionsError(problems);
}
