import { expect, it } from 'vitest';
import { visible } from './visible.ts';

it('visible replaces control characters by visible ones', () => {
  expect(visible('a\u001b[2Jb\u0007\r\u007f\u009b')).toBe('a␛[2Jb␇␍␡�');
});

it('visible keeps line breaks and other text, and replaces a tab by four spaces', () => {
  expect(visible('Größe 大\n\tx')).toBe('Größe 大\n    x');
});
