import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policies } from './arbitraries.ts';
import { language, parsePolicy, printPolicy } from './policy.ts';

it('parsePolicy reads what printPolicy writes', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      expect(parsePolicy(printPolicy(policy))).toEqual(policy);
    }),
  );
});

it('parsePolicy reads comments, conditions and rules for one oven', () => {
  const text = `# Mornings
    prefer orders  due within 1h 30min and of bread

on oven 2, take the shortest`;
  expect(parsePolicy(text)).toEqual([
    {
      does: 'prefer',
      conditions: [
        { is: 'due within', minutes: 90 },
        { is: 'of', goods: 'bread' },
      ],
    },
    { oven: 2, does: 'take the', which: 'shortest' },
  ]);
  expect(parsePolicy('')).toEqual([]);
});

describe('parsePolicy rejects', () => {
  it.each([
    [
      'take the newest',
      'after "take the" comes "earliest due", "shortest", "longest" or "longest waiting", not "newest".',
    ],
    ['prefer orders due in 2h', '"due in 2h" is no condition; use "due within TIME",'],
    ['prefer orders due within 2 hours', '"2 hours" is no time; write it as 2h, 45min or 1h 30min.'],
    ['avoid orders due within', '"due within" is no condition'],
    ['avoid orders of bagels', 'after "of" comes "bread", "pastry" or "cake", not "bagels".'],
    ['on oven 3, take the shortest', 'there is no oven 3, only 1 and 2.'],
    [
      'on oven 1, on oven 2, take the shortest',
      'a rule is "prefer orders ...", "avoid orders ..." or "take the ..."',
    ],
    ['prefer', 'a rule is'],
    ['prefer orders of bread and', 'not "bread and".'],
    ['Please be quick.', 'a rule is'],
  ])('parsePolicy names the line and the fault of "%s"', (line, message) => {
    const read = () => parsePolicy(`take the shortest\n  ${line}`);
    expect(read).toThrow(SyntaxError);
    expect(read).toThrow(`Line 2, "${line}": `);
    expect(read).toThrow(message);
  });

  it('parsePolicy rejects any line that is almost a rule', () => {
    fc.assert(
      fc.property(policies, fc.nat(), fc.constantFrom('x', ' x', '"', ';'), (policy, place, noise) => {
        const lines = printPolicy(policy).split('\n');
        fc.pre(policy.length > 0);
        const index = place % lines.length;
        const spoiled = lines.with(index, `${lines[index]}${noise}`).join('\n');
        expect(() => parsePolicy(spoiled)).toThrow(`Line ${index + 1}, `);
      }),
    );
  });
});

it('the description of the language contains every word that a policy can contain', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      const words = printPolicy(policy).match(/[a-z']{3,}/g) ?? [];
      for (const word of words) expect(language).toContain(word);
    }),
  );
});
