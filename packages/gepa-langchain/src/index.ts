export type { SavedCandidate } from 'gepa-core';
export { type GepaOptions, gepa, type LangChainTarget } from './gepa.ts';
export { fromChatModel } from './language-model.ts';
