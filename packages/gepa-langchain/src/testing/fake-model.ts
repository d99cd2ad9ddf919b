import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage } from '@langchain/core/messages';

/** A simulated model that returns the given answers in order, whatever the prompt. */
export class FakeModel extends BaseChatModel {
  readonly #answers: AIMessage[] = [];
  #asked = 0;

  constructor() {
    super({});
  }

  override _llmType(): string {
    return 'simulated';
  }

  respond(answer: AIMessage): this {
    this.#answers.push(answer);
    return this;
  }

  respondWithTools(calls: readonly { name: string; args: Record<string, unknown>; id: string }[]): this {
    return this.respond(new AIMessage({ content: '', tool_calls: [...calls] }));
  }

  override bindTools(): this {
    return this;
  }

  override async _generate() {
    const message = this.#answers[this.#asked++];
    if (message === undefined)
      throw new Error(`The simulated model has ${this.#answers.length} answers only.`);
    return { generations: [{ text: message.text, message }] };
  }
}

export function fakeModel(): FakeModel {
  return new FakeModel();
}
