import { expect, it } from 'vitest';
import { visible } from './visible.ts';

it('shows control characters instead of letting them act', () => {
  expect(visible('a\u001b[2Jb\u0007\r\u007f\u009b')).toBe('a␛[2Jb␇␍␡�');
});

it('keeps line breaks and other texts, and gives tabs a width', () => {
  expect(visible('Größe 大\n\tx')).toBe('Größe 大\n    x');
});
