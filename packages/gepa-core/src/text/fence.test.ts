import { describe, expect, it } from 'vitest';
import { fenced, trimBlankLines } from './fence.ts';

describe('fenced', () => {
  it.each([
    ['plain', 3, '```'],
    ['plain', 4, '````'],
    ['a `b` c', 3, '```'],
    ['```', 3, '````'],
    ['in a line ````` too', 4, '``````'],
  ])('fenced puts %j with a minimum of %i between %s', (text, minimum, fence) => {
    expect(fenced(text, minimum)).toBe(`${fence}\n${text}\n${fence}`);
  });
});

describe('trimBlankLines', () => {
  it.each([
    ['\n \n  a\n\nb  \n\t\n', '  a\n\nb  '],
    ['a', 'a'],
    [' \n', ''],
    ['', ''],
  ])('trimBlankLines turns %j into %j', (text, trimmed) => expect(trimBlankLines(text)).toBe(trimmed));
});
