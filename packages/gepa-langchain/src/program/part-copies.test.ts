import { SystemMessage } from '@langchain/core/messages';
import { withCandidate } from 'gepa-core/adapter';
import { expect, it } from 'vitest';
import { PartCopies } from './part-copies.ts';

/** The content that a model receives, and the constants that count as read. */
function sent(content: string, constants: Record<string, string>, texts: Record<string, string>) {
  const message = new SystemMessage(content);
  const copies = new PartCopies(new Map(), constants, texts);
  const reads = new Set<string>();
  const received = withCandidate(
    {},
    () => {
      copies.replaceIn([[message]]);
      return message.content;
    },
    { copies, reads },
  );
  expect(message.content).toBe(content);
  // The hook of the message has no name.
  return { received, reads: [...reads].filter((name) => name !== '').sort() };
}

it('every constant in one message is replaced wherever it stands, and counts as read', () => {
  const constants = { rules: 'Be (very) kind.', tone: 'Use $1 words.' };
  const texts = { rules: 'NEW RULES $&', tone: 'NEW TONE' };
  expect(sent('Be (very) kind. Use $1 words. Be (very) kind.', constants, texts)).toEqual({
    received: 'NEW RULES $& NEW TONE NEW RULES $&',
    reads: ['rules', 'tone'],
  });
});

it('a constant within a longer one that is replaced does not count as read', () => {
  const constants = { short: 'Be kind.', long: 'Be kind. Always.' };
  expect(sent('Be kind. Always.', constants, { short: 'SHORT', long: 'LONG' })).toEqual({
    received: 'LONG',
    reads: ['long'],
  });
});

it('a constant within the text of another component is not replaced', () => {
  const texts = { short: 'NEW', system: 'You sell. Be kind. Answer.' };
  expect(sent('You sell. Be kind. Answer. Be kind.', { short: 'Be kind.' }, texts)).toEqual({
    received: 'You sell. Be kind. Answer. NEW',
    reads: ['short'],
  });
  expect(sent('You sell. Be kind. Answer.', { short: 'Be kind.' }, texts).reads).toEqual([]);
});
