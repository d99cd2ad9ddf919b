import { expect, it } from 'vitest';
import { describeComponents } from './components.ts';

it('describeComponents shows each component with its location and the first line of its text', () => {
  const components = {
    system: { text: 'Route tickets.\nBe brief.', location: 'step 1' },
    answer: { text: `${'long '.repeat(40)}` },
  };
  expect(describeComponents({ components }).split('\n')).toEqual([
    'system  step 1',
    '  Route tickets. …',
    'answer',
    `  ${'long '.repeat(40).slice(0, 95)}…`,
  ]);
});

it('describeComponents shows each skipped part with its reason and hint', () => {
  const skipped = [
    {
      location: 'step 2',
      reason: 'a function, whose text cannot be read.',
      hint: 'Put its text into tunable().',
    },
    {
      location: 'tools',
      reason: 'descriptions are off',
      hint: `Switch them on. ${'More words. '.repeat(10)}`.trim(),
    },
  ];
  const lines = describeComponents({ components: { a: { text: 'x' } }, skipped }).split('\n');
  expect(lines.slice(2, 5)).toEqual([
    '',
    'Skipped',
    '! step 2: a function, whose text cannot be read. Put its text into tunable().',
  ]);
  expect(lines[5]).toMatch(/^! tools: descriptions are off\. Switch them on\./);
  expect(lines[6]).toMatch(/^ {2}\S/);
  expect(lines.every((line) => line.length <= 100)).toBe(true);
});

it('the lines of describeComponents fit a narrow terminal', () => {
  const components = { system: { text: 'word '.repeat(40), location: 'step › '.repeat(20) } };
  const lines = describeComponents({ components }, { width: 60 }).split('\n');
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.every((line) => line.length <= 60)).toBe(true);
});
