import { GepaError } from '../errors.ts';
import type { LanguageModel, LanguageModelAnswer } from '../language-model.ts';

/** An answer of a scripted model: a fixed answer, a function of the prompt, or an error to throw. */
export type ScriptedAnswer =
  | string
  | LanguageModelAnswer
  | Error
  | ((prompt: string) => string | LanguageModelAnswer);

/** A scripted model was called more or fewer times than its script has answers. */
export class ScriptError extends GepaError {
  static override readonly kind = 'ScriptError';
}

/** A reflection model for tests that records its prompts. */
export interface ScriptedModel extends LanguageModel {
  readonly prompts: readonly string[];
  /** @throws {ScriptError} when the number of calls differs from the number of answers. */
  assertDone(): void;
}

/**
 * A reflection model that returns the answers of a script in order. A call without an answer throws. Call `assertDone`
 * at the end of a test: the engine treats an error of the model as a rejected proposal.
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
