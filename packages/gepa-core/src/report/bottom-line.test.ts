import { expect, it } from 'vitest';
import { BottomLine } from './bottom-line.ts';
import { screenAfter } from './fixtures/virtual-terminal.ts';

function terminal() {
  let written = '';
  const stream = { write: (text: string) => (written += text) };
  const other = { write: (text: string) => (written += text) };
  return { stream, other, screen: () => screenAfter(written, 40) };
}

it('lines of other code appear above the bottom line, on either stream of the terminal', () => {
  const { stream, other, screen } = terminal();
  const bottom = new BottomLine(stream, [other]);
  bottom.show('1/10');
  other.write('hello\n');
  stream.write('a warning\nof two lines\n');
  bottom.show('2/10', 'New best\n');
  expect(screen()).toEqual(['hello', 'a warning', 'of two lines', 'New best', '2/10']);
});

it('a part of a line of other code stays until its end, and the bottom line comes back below it', () => {
  const { stream, other, screen } = terminal();
  const bottom = new BottomLine(stream, [other]);
  bottom.show('1/10');
  other.write('loading');
  bottom.show('2/10');
  expect(screen()).toEqual(['loading']);
  other.write(' done\n');
  expect(screen()).toEqual(['loading done', '2/10']);
  other.write('half');
  bottom.show('3/10', 'New best\n');
  expect(screen()).toEqual(['loading done', 'half', 'New best', '3/10']);
});

it('a released bottom line leaves the streams as they were', () => {
  const { stream, other, screen } = terminal();
  const writes = [stream.write, other.write];
  const bottom = new BottomLine(stream, [other]);
  bottom.show('1/10');
  expect(stream.write).not.toBe(writes[0]);
  bottom.show('', 'Ended\n');
  bottom.release();
  other.write('bye\n');
  expect([stream.write, other.write]).toEqual(writes);
  expect(screen()).toEqual(['Ended', 'bye', '']);
});

it('two bottom lines at once neither recurse nor leave the stream changed', () => {
  const { stream, other, screen } = terminal();
  const { write } = stream;
  const [first, second] = [new BottomLine(stream), new BottomLine(stream)];
  first.show('first');
  second.show('second');
  first.show('first again');
  stream.write('hello\n');
  first.release();
  second.show('', 'Ended\n');
  second.release();
  other.write('bye\n');
  expect(screen()).toContain('hello');
  expect(stream.write === write || screen().includes('bye')).toBe(true);
});
