import { BaseCallbackHandler } from '@langchain/core/callbacks/base';

/** Sees the messages of every call of a chat model before they are sent. */
export class SentMessages extends BaseCallbackHandler {
  readonly name = 'gepa_sent_messages';
  readonly #see: (messages: readonly unknown[]) => void;

  constructor(see: (messages: readonly unknown[]) => void) {
    super({ _awaitHandler: true });
    this.#see = see;
  }

  override handleChatModelStart(_model: unknown, messages: readonly (readonly unknown[])[]): void {
    this.#see(messages.flat());
  }
}
