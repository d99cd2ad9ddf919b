import { describe, expect, it } from 'vitest';
import type { Plain } from '../../text/plain.ts';
import { condenseRecords, type KnownText, type PlainRecord } from './condense-records.ts';

const system = 'You sort the tickets of customers into queues. Answer with one word.';
const human = 'This is the ticket of a customer, read it with care:\n{ticket}\nThe facts: {facts}';
const above: KnownText = { text: system, name: 'the text above', isAbove: true };
const beside: KnownText = {
  text: human,
  variables: ['ticket', 'facts'],
  name: 'the text "human"',
  isAbove: false,
};
const filled = (ticket: string, facts: string) => human.replace('{ticket}', ticket).replace('{facts}', facts);
const record = (ticket: string, facts = 'none'): PlainRecord => ({
  Input: { ticket, lang: 'en' },
  'What the model saw': [
    { role: 'system', content: `${system}\n\nToday is Monday.` },
    { role: 'user', content: filled(ticket, facts) },
  ],
  Answer: 'billing',
  Feedback: `Wrong. ${system}`,
});
const condensed = (...records: PlainRecord[]) => condenseRecords(records, [above, beside]);
const view = (record: PlainRecord | undefined) => record?.['What the model saw'];

describe('condenseRecords', () => {
  it('the first record keeps the full view, but for the text above', () => {
    expect(view(condensed(record('My invoice is wrong, please help.')).records[0])).toEqual([
      { role: 'system', content: '[the text above]\n\nToday is Monday.' },
      { role: 'user', content: filled('My invoice is wrong, please help.', 'none') },
    ]);
  });

  it('a further record shows only what is new in its view, or no view if nothing is', () => {
    const { records, isLaidOutAs } = condensed(
      record('My invoice is wrong, please help.'),
      record('Where is the button?', 'a new customer'),
    );
    expect(isLaidOutAs).toBe(1);
    expect(view(records[1])).toEqual([
      { role: 'user', content: '[the text "human", filled in with]\n{facts} = a new customer' },
    ]);
    const sameFacts = (ticket: string): PlainRecord => ({
      ...record(ticket),
      Input: { ticket, facts: 'none' },
    });
    const both = condensed(sameFacts('My invoice is wrong, please help.'), sameFacts('Where is the button?'));
    expect(both.isLaidOutAs).toBe(1);
    expect(both.records[1]).toEqual({
      Input: { ticket: 'Where is the button?', facts: 'none' },
      Answer: 'billing',
      Feedback: `Wrong. ${system}`,
    });
  });

  it('what a later call saw of an earlier answer is a mark, so that a view that repeats otherwise is left out', () => {
    const calls = (facts: string): PlainRecord => ({
      Calls: [
        { 'What the model saw': system, Answer: facts },
        { 'What the model saw': [{ role: 'user', content: filled('none', facts) }], Answer: 'billing' },
      ],
    });
    const { records, isLaidOutAs } = condensed(
      calls('{"customer":"new","lang":"en"}'),
      calls('{"customer":"old","lang":"en"}'),
    );
    expect(isLaidOutAs).toBe(1);
    expect(JSON.stringify(records[0])).toContain('The facts: {\\"customer\\":\\"new\\"');
    expect(records[1]!.Calls).toEqual([
      { 'What the model saw': '[the text above]', Answer: '{"customer":"old","lang":"en"}' },
      { Answer: 'billing' },
    ]);
  });

  it('a note that continues a call is left out with all messages that it introduces', () => {
    const note = '[as in the call before, then:]';
    const calls = (answer: string, ...messages: Plain[]): PlainRecord => ({
      Calls: [
        { 'What the model saw': [note, { role: 'ai', content: 'Back again.' }, ...messages], Answer: answer },
      ],
    });
    expect(condensed(calls('one'), calls('two')).records[1]).toEqual({ Calls: [{ Answer: 'two' }] });
    const more = { role: 'user', content: 'More.' };
    expect(condensed(calls('one'), calls('two', more)).records[1]).toEqual({
      Calls: [{ 'What the model saw': [note, more], Answer: 'two' }],
    });
  });

  it('the role of a message of the input has no mark', () => {
    const turn = (content: string): PlainRecord => ({
      Input: { messages: [{ role: 'human', content }] },
      'What the model saw': [{ role: 'human', content: `${content.length} characters: ${content}` }],
    });
    expect(
      view(
        condensed(turn('Where is the first parcel of mine?'), turn('Where is the second parcel?')).records[1],
      ),
    ).toEqual([{ role: 'human', content: '27 characters: [content of the input]' }]);
  });

  it('feedback and input stay as they are', () => {
    const [, second] = condensed(record('My invoice is wrong.'), record('Where is the button?')).records;
    expect(second).toMatchObject({ Input: { ticket: 'Where is the button?' }, Feedback: `Wrong. ${system}` });
  });

  it('the input is left out where the full view has all of it', () => {
    const seen = { ...record('My invoice is wrong.'), Input: { ticket: 'My invoice is wrong.' } };
    expect(condensed(seen).records[0]).not.toHaveProperty('Input');
    expect(condensed(record('My invoice is wrong.')).records[0]).toHaveProperty('Input');
  });

  it('texts of an input that have the same name are not replaced', () => {
    const orders = [{ name: 'baguettes for the post office' }, { name: 'croissants for the old inn' }];
    const entry = (what: string): PlainRecord => ({
      Input: orders,
      'What the model saw': 'x',
      Trace: [what],
    });
    const { records } = condensed(entry('a'), entry('first baguettes for the post office'));
    expect(records[1]!.Trace).toEqual(['first baguettes for the post office']);
  });

  it('entries of lists that the feedback quotes are shortened', () => {
    const what = '06:04 oven 1: a cheesecake for the burger van (cake, 31 min), after 20 min of heating';
    const Trace = [
      { what, fault: 'It went too late.' },
      { what: `${what}!`, fault: 'Odd.' },
    ];
    const { records } = condensed({ Trace, Feedback: `Late:\n${what}. It went too late.` });
    expect(records[0]!.Trace).toEqual(['06:04 oven 1: a cheesecake for… [see the feedback]', Trace[1]]);
  });
});
