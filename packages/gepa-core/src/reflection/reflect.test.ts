import { describe, expect, it } from 'vitest';
import type { LanguageModelAnswer } from '../language-model.ts';
import { fenced } from './fence.ts';
import { type Reflection, reflect } from './reflect.ts';

const component = { text: 'Sort {ticket}.', variables: ['ticket'] };
const triage = { name: 'triage', component, currentText: 'Sort {ticket} well.', records: '## Example 1' };
const base = { components: [triage] };
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
    expect(await reflect({ ...base, call })).toEqual({
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
    expect(await reflect({ ...base, call: once.call })).toEqual({
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
    const reflection = await reflect({ components: [{ ...triage, currentText }], call });
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
