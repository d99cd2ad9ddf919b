import { BaseCallbackHandler } from '@langchain/core/callbacks/base';

/**
 * Sees the messages of every call of a chat model before they are sent, in the lists that handlers after it get: LangChain makes
 * these lists for handlers alone.
 */
export class SentMessages extends BaseCallbackHandler {
  readonly name = 'gepa_sent_messages';
  readonly #see: (lists: readonly unknown[][]) => void;

  constructor(see: (lists: readonly unknown[][]) => void) {
    super({ _awaitHandler: true });
    this.#see = see;
  }

  override handleChatModelStart(_model: unknown, messages: readonly unknown[][]): void {
    this.#see(messages);
  }
}
