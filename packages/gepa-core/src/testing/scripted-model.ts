import { GepaError } from '../errors.ts';
import type { LanguageModel, LanguageModelAnswer } from '../language-model.ts';

/** An answer of a scripted model: fixed, made from the prompt, or an error to throw. */
export type ScriptedAnswer =
  | string
  | LanguageModelAnswer
  | Error
  | ((prompt: string) => string | LanguageModelAnswer);

/** A call the script does not foresee, or an answer nobody asked for. */
export class ScriptError extends GepaError {
  static override readonly kind = 'ScriptError';
}

/** A reflection model for tests, with what it was asked. */
export interface ScriptedModel extends LanguageModel {
  readonly prompts: readonly string[];
  /** @throws {ScriptError} when answers are left over, or when there was a call too many. */
  assertDone(): void;
}

/**
 * A reflection model that gives the answers of a script in their order. A call too many throws, and makes
 * `assertDone` throw too, since the engine takes a throwing model for a rejected proposal.
 */
export function scriptedModel(script: readonly ScriptedAnswer[]): ScriptedModel {
  const prompts: string[] = [];
  const tooMany = () =>
    new ScriptError(
      `The scripted model was called ${prompts.length} times, but has ${script.length} answers. The last prompt was:\n${prompts.at(-1)}`,
    );
  const model: LanguageModel = async ({ prompt, signal }) => {
    signal.throwIfAborted();
    const answer = script[prompts.length];
    prompts.push(prompt);
    if (answer === undefined) throw tooMany();
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(prompt) : answer;
  };
  return Object.assign(model, {
    prompts,
    assertDone() {
      if (prompts.length > script.length) throw tooMany();
      if (prompts.length < script.length) {
        throw new ScriptError(
          `The scripted model was called ${prompts.length} times, but has ${script.length} answers: ${script.length - prompts.length} are left over.`,
        );
      }
    },
  });
}
