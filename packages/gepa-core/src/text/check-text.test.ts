import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkText } from './check-text.ts';

const check = (text: string, variables?: readonly string[], currentText = 'Old.', seed = currentText) =>
  checkText({
    name: 'answer',
    component: { text: seed, variables },
    text,
    currentText,
  });

describe('checkText', () => {
  it.each(['', '  \n'])('checkText refuses the empty text %j', (text) => {
    expect(check(text)).toMatchObject({ problem: 'empty', message: expect.stringContaining('"answer"') });
    expect(check(text, ['q'])).toMatchObject({ problem: 'empty' });
  });

  it('checkText refuses a text that lacks a variable', () => {
    expect(check('Q: {question}\nC: {context}', ['question', 'context'])).toBeUndefined();
    expect(check('Q: {question}', ['question', 'context', 'tone'])).toEqual({
      problem: 'lost_placeholder',
      message:
        'The new text of "answer" lost {context}, {tone}, which the program fills in: it must stand there exactly so.',
    });
  });

  it.each(['question', '{ question }', '{Question}', '{questions}', '<question>', '{question'])(
    'checkText does not accept %s as the placeholder {question}',
    (text) => {
      expect(check(`Q: ${text}`, ['question'])).toMatchObject({ problem: 'lost_placeholder' });
    },
  );

  it.each(['{answer}', '{user_name}', '{user.name}', '{customer-id}', '{größe}', '{{answer}}'])(
    'checkText refuses the placeholder %s, which is not a variable',
    (text) => {
      expect(check(`{q} ${text}`, ['q'])).toMatchObject({ problem: 'invented_placeholder' });
      expect(check(`Now: ${text}`, [])).toMatchObject({ problem: 'invented_placeholder' });
    },
  );

  it('checkText reports every problem once', () => {
    const found = check('{a} {b} {b}', ['q']);
    expect(found?.problem).toBe('lost_placeholder');
    expect(found?.message).toContain('lost {q},');
    expect(found?.message).toContain('has {a}, {b},');
  });

  it('checkText accepts a word in braces that the current or the original text contains', () => {
    expect(check('{q} Reply with {label}.', ['q'], '{q} Reply: {label}', '{q}')).toBeUndefined();
    expect(check('{q} Reply with {label}.', ['q'], '{q} Reply.', '{q} {label}')).toBeUndefined();
  });

  it.each([
    '{"label": "bug"}',
    '{}',
    '{1}',
    '{ label }',
    '{a b}',
    'x = {a, b}',
    '\\boxed{answer}',
    '\\frac{a}{b}',
  ])('checkText does not take %s for a placeholder', (text) => expect(check(text, [])).toBeUndefined());

  it('checkText ignores braces in a component without variables', () => {
    expect(check('{anything} goes', undefined, '{question}')).toBeUndefined();
  });

  it('checkText accepts every text with all variables and no other braces, and no other text', () => {
    const name = fc.stringMatching(/^[A-Za-z_]\w{0,9}$/);
    const prose = fc.string().map((text) => text.replaceAll(/[{}\\]/g, ''));
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 5 }),
        fc.array(prose, { minLength: 6, maxLength: 6 }),
        (variables, parts) => {
          const text = parts
            .map((part, index) => part + (index < variables.length ? `{${variables[index]}}` : ''))
            .join('x');
          expect(check(text, variables)).toBeUndefined();
          for (const variable of variables) {
            expect(check(text.replaceAll(`{${variable}}`, 'x'), variables)?.problem).toBe('lost_placeholder');
          }
          expect(check(`${text} {not_a_variable_}`, variables)?.problem).toBe('invented_placeholder');
        },
      ),
    );
  });
});
