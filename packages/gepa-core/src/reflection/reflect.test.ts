import { describe, expect, it } from 'vitest';
import type { LanguageModelAnswer } from '../language-model.ts';
import { fenced } from '../text/fence.ts';
import { type Reflection, reflect } from './reflect.ts';

const component = { text: 'Sort {ticket}.', variables: ['ticket'] };
const triage = { name: 'triage', component, currentText: 'Sort {ticket} well.' };
const base = { components: [triage], records: '## Example 1' };
const good = fenced('Sort {ticket} into bug or billing.', 4);

/** A call function that returns the answers in order and records the prompts. */
function scripted(...answers: (string | LanguageModelAnswer)[]) {
  const prompts: string[] = [];
  const call = async (prompt: string) => {
    const answer = answers[prompts.length];
    if (answer === undefined) throw new Error('called too often');
    prompts.push(prompt);
    const usage = { modelCalls: 1, inputTokens: 10, outputTokens: 5 };
    return { ...(typeof answer === 'string' ? { text: answer } : answer), usage };
  };
  return { prompts, call };
}

const rejectionOf = ({ rejected }: Reflection) => rejected.get('triage');

describe('reflect', () => {
  it('reflect returns the new text and the usage', async () => {
    const { prompts, call } = scripted(`Here you are:\n${good}`);
    expect(await reflect({ ...base, call })).toMatchObject({
      texts: new Map([['triage', 'Sort {ticket} into bug or billing.']]),
      rejected: new Map(),
      usage: { modelCalls: 1, inputTokens: 10, outputTokens: 5 },
    });
    expect(prompts).toHaveLength(1);
    expect(prompts[0]).toContain('Sort {ticket} well.');
  });

  it.each([
    ['cut_off', '````\nSort {tick'],
    ['cut_off', { text: good, finishReason: 'length' }],
    ['empty', ''],
    ['empty', '````\n\n````'],
    ['lost_placeholder', fenced('Sort the ticket.', 4)],
    ['invented_placeholder', fenced('Sort {ticket} by {date}.', 4)],
  ])('reflect asks once more after a %s answer and rejects a second one: %j', async (reason, invalid) => {
    const once = scripted(invalid, good);
    expect(await reflect({ ...base, call: once.call })).toMatchObject({
      texts: new Map([['triage', 'Sort {ticket} into bug or billing.']]),
      rejected: new Map(),
      usage: { modelCalls: 2, inputTokens: 20, outputTokens: 10 },
    });

    const twice = scripted(invalid, invalid);
    const reflection = await reflect({ ...base, call: twice.call });
    expect(rejectionOf(reflection)).toMatchObject({ reason });
    expect(reflection.usage.modelCalls).toBe(2);
    const { message } = rejectionOf(reflection)!;

    const [first, second] = once.prompts;
    expect(second!.startsWith(first!)).toBe(true);
    expect(second).toContain(message);
    const answer = typeof invalid === 'string' ? invalid : invalid.text;
    expect(second!.slice(first!.length)).toContain(answer === '' ? '(nothing)' : answer);
  });

  it('reflect asks again for an answer without a block, and takes a second one if it is a text', async () => {
    const text = 'Sort {ticket} into bug or billing.';
    const plain = scripted(text, text);
    expect(await reflect({ ...base, call: plain.call })).toMatchObject({
      texts: new Map([['triage', text]]),
    });
    expect(plain.prompts[1]).toContain('The answer has no block of backticks around the text.');
    expect(await reflect({ ...base, call: scripted('Hecho.', good).call })).toMatchObject({
      texts: new Map([['triage', text]]),
    });
    expect(rejectionOf(await reflect({ ...base, call: scripted('¡No!', '¡No!').call }))).toMatchObject({
      reason: 'no_text',
    });
  });

  it('reflect never takes an echo of its second request for a text', async () => {
    const echo = fenced('Answer again as asked above, with the complete text and without this fault.', 4);
    const open = { ...base, components: [{ ...triage, component: { text: 'x' } }] };
    expect(rejectionOf(await reflect({ ...open, call: scripted('', echo).call }))).toMatchObject({
      reason: 'no_text',
    });
  });

  it('reflect rejects the second answer with the reason of the second answer', async () => {
    const { call } = scripted('````\nSort {tick', fenced('Sort.', 4));
    expect(rejectionOf(await reflect({ ...base, call }))).toMatchObject({ reason: 'lost_placeholder' });
  });

  it('reflect rejects an unchanged text without asking again', async () => {
    const { call } = scripted(fenced('Sort {ticket} well.', 4));
    const reflection = await reflect({ ...base, call });
    expect(rejectionOf(reflection)).toMatchObject({ reason: 'unchanged' });
    expect(reflection.usage.modelCalls).toBe(1);
  });

  it('reflect ignores outer blank lines and line endings when it compares with the current text', async () => {
    const { call } = scripted(fenced('Sort {ticket}\nwell.', 4));
    const currentText = '\nSort {ticket}\r\nwell.\r\n';
    const reflection = await reflect({ ...base, components: [{ ...triage, currentText }], call });
    expect(rejectionOf(reflection)).toMatchObject({ reason: 'unchanged' });
  });

  it('reflect uses a custom template for the first and the second prompt', async () => {
    const { prompts, call } = scripted('', good);
    await reflect({ ...base, template: 'Better: <curr_param> by <side_info>', call });
    expect(prompts[0]).toContain('Better: Sort {ticket} well. by ## Example 1');
    expect(prompts[0]).toContain('Keep each exactly');
    expect(prompts[1]!.startsWith(`${prompts[0]}\n`)).toBe(true);
  });

  it('reflect shortens a long invalid answer in the second prompt', async () => {
    const { prompts, call } = scripted({ text: `a${'x'.repeat(50_000)}z`, finishReason: 'length' }, good);
    await reflect({ ...base, call });
    expect(prompts[1]!.length - prompts[0]!.length).toBeLessThan(7_000);
    expect(prompts[1]).toContain('characters cut …]');
  });

  it('reflect rethrows an error of the call', async () => {
    await expect(reflect({ ...base, call: async () => Promise.reject(new Error('down')) })).rejects.toThrow(
      'down',
    );
  });
});

describe('reflect on several components', () => {
  const route = { name: 'route', component: { text: 'Route.' }, currentText: 'Route.' };
  const block = (name: string, text: string) => `\`\`\`\`${name}\n${text}\n\`\`\`\``;
  const newTriage = block('triage', 'Sort {ticket} into bug or billing.');

  it('reflect returns the texts that the answer has, and leaves the others out', async () => {
    const { prompts, call } = scripted(newTriage);
    const reflection = await reflect({ components: [triage, route], call });
    expect(prompts).toHaveLength(1);
    expect([...reflection.texts]).toEqual([['triage', 'Sort {ticket} into bug or billing.']]);
    expect(reflection.rejected.size).toBe(0);
  });

  it('reflect asks once more for the texts that cannot be used only, and keeps the others', async () => {
    const { prompts, call } = scripted(
      `${block('triage', 'Sort.')}\n${block('route', 'Route well.')}`,
      `${newTriage}\n${block('route', 'Another.')}`,
    );
    const reflection = await reflect({ components: [triage, route], call });
    expect(Object.fromEntries(reflection.texts)).toEqual({
      triage: 'Sort {ticket} into bug or billing.',
      route: 'Route well.',
    });
    expect(reflection.rejected.size).toBe(0);
    expect(prompts[1]!.slice(prompts[0]!.length)).toContain('the complete text of "triage" only');
    expect(reflection.usage.modelCalls).toBe(2);
  });

  it('reflect rejects each text for its own reason', async () => {
    const first = `${block('triage', 'Sort.')}\n${block('route', 'Route.')}`;
    const { call } = scripted(first, block('triage', 'Sort {it}.'));
    const { texts, rejected } = await reflect({ components: [triage, route], call });
    expect(texts.size).toBe(0);
    expect([...rejected].map(([name, { reason }]) => [name, reason])).toEqual([
      ['triage', 'lost_placeholder'],
      ['route', 'unchanged'],
    ]);
  });

  it('reflect keeps a rejection for a text that the second answer leaves out', async () => {
    const { call } = scripted(block('triage', 'Sort.'), block('route', 'Another.'));
    const { texts, rejected } = await reflect({ components: [triage, route], call });
    expect([texts.size, [...rejected.keys()]]).toEqual([0, ['triage']]);
  });

  it('reflect accepts a second answer without a name if only one text is asked for again', async () => {
    const { call } = scripted(`${block('triage', 'Sort.')}\n${block('route', 'Route well.')}`, good);
    const { texts } = await reflect({ components: [triage, route], call });
    expect(texts.get('triage')).toBe('Sort {ticket} into bug or billing.');
  });

  it('reflect asks for all texts again after an answer without names', async () => {
    const { prompts, call } = scripted(good, newTriage);
    const { texts, rejected } = await reflect({ components: [triage, route], call });
    const again = prompts[1]!.slice(prompts[0]!.length);
    expect(again).toContain('one block for each text that you change');
    // The same choice as in the first request.
    for (const prompt of [prompts[0], again]) expect(prompt).toContain('Leave the others out.');
    expect(again).not.toContain('"route"');
    expect([...texts.keys()]).toEqual(['triage']);
    expect([...rejected.keys()]).toEqual([]);
  });

  it('reflect rejects all texts when neither answer has names', async () => {
    const { call } = scripted(good, good);
    const { texts, rejected } = await reflect({ components: [triage, route], call });
    expect([texts.size, [...rejected.keys()]]).toEqual([0, ['triage', 'route']]);
  });

  it('reflect keeps the rejections of two faulty texts of which the second answer repairs one', async () => {
    const { call } = scripted(`${block('triage', 'Sort.')}\n${block('route', '')}`, newTriage);
    const { texts, rejected } = await reflect({ components: [triage, route], call });
    expect([[...texts.keys()], [...rejected.keys()]]).toEqual([['triage'], ['route']]);
  });
});

it('reflect does not ask again after a cut-off answer if it must not, but after others', async () => {
  const once = scripted('````\nSort {tick');
  const reflection = await reflect({ ...base, call: once.call, asksAgainAfterCutOff: false });
  expect(rejectionOf(reflection)).toMatchObject({ reason: 'cut_off' });
  const twice = scripted('````\nSort.\n````', good);
  expect((await reflect({ ...base, call: twice.call, asksAgainAfterCutOff: false })).texts.size).toBe(1);
});

it('reflect asks again after a refusal, also where the component has no variables', async () => {
  const component = { text: 'Sort.' };
  const { prompts, call } = scripted("I'm sorry, I can't do that.", '````\nSort well.\n````');
  const { texts } = await reflect({ components: [{ ...triage, component }], call });
  expect([prompts.length, texts.get('triage')]).toEqual([2, 'Sort well.']);
});
