import { errorMessage } from '../util/error-message.ts';
import { inspectProgram } from './inspect-program.ts';
import { encodeTemplate } from './template/template.ts';

/** The reason to refuse a text, or `undefined`. */
type ValidateText = (text: string) => string | undefined;

/**
 * Checks for new texts, by component name: whether a text can be written as a template of the program. Only mustache
 * templates have such checks, because their sections must match.
 */
export function templateChecks(program: object): Readonly<Record<string, ValidateText>> {
  return Object.fromEntries(
    inspectProgram(program).sites.flatMap(({ name, site: { part } }) => {
      if (part.format !== 'mustache') return [];
      const check: ValidateText = (text) => {
        try {
          encodeTemplate(text, part.text, part.format);
          return undefined;
        } catch (error) {
          return errorMessage(error);
        }
      };
      return [[name, check]];
    }),
  );
}

/** The option `validate` with checks before it. */
export function withChecks(
  validate: unknown,
  checks: Readonly<Record<string, ValidateText>>,
  names: readonly string[],
): unknown {
  const isForAll = typeof validate === 'function';
  // The core refuses anything else.
  if (!isForAll && validate !== undefined && (typeof validate !== 'object' || validate === null))
    return validate;
  const given = (isForAll ? Object.fromEntries(names.map((name) => [name, validate])) : validate) as
    | Readonly<Record<string, ValidateText>>
    | undefined;
  const checked = Object.entries(checks).map(([name, check]) => {
    const next = given?.[name];
    if (next !== undefined && typeof next !== 'function') return [name, next] as const;
    return [name, (text: string) => check(text) ?? next?.(text)] as const;
  });
  return { ...given, ...Object.fromEntries(checked) };
}
