import { BaseCallbackHandler } from '@langchain/core/callbacks/base';

/**
 * Sees the messages of every call of a chat model before they are sent, in the lists that handlers after it get: LangChain makes
 * these lists for handlers alone.
 */
export function sentMessages(see: (lists: readonly unknown[][]) => void): BaseCallbackHandler {
  return BaseCallbackHandler.fromMethods({
    name: 'gepa_sent_messages',
    awaitHandlers: true,
    handleChatModelStart: (_model: unknown, messages: readonly unknown[][]) => see(messages),
  } as object);
}
