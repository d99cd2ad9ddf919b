import { expect, it } from 'vitest';
import { visible } from './visible.ts';

it('visible replaces control characters by visible ones', () => {
  expect(visible('a\u001b[2Jb\u0007\r\u007f\u009b')).toBe('a␛[2Jb␇␍␡�');
});

it('visible keeps line breaks and other text, and replaces a tab by four spaces', () => {
  expect(visible('Größe 大\n\tx')).toBe('Größe 大\n    x');
});

it.each([
  ['a right-to-left override', 'user\u202etxt.exe', 'user\\u202etxt.exe'],
  ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['direction marks', '\u200ea\u200f\u061c', '\\u200ea\\u200f\\u061c'],
  [
    'zero-width spaces and joiners',
    'a\u200bb\u200cc\u200dd\u2060e\ufeff',
    'a\\u200bb\\u200cc\\u200dd\\u2060e\\ufeff',
  ],
  ['a soft hyphen', 'co\u00adop', 'co\\u00adop'],
  ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
])('visible shows %s escaped', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('visible keeps the joiners within an emoji, and letters of any script', () => {
  expect(visible('👩🏽\u200d🚀 ❤️\u200d🔥 é שלום')).toBe('👩🏽\u200d🚀 ❤️\u200d🔥 é שלום');
});
