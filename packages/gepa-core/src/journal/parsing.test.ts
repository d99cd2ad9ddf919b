import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutPause } from '../calls/pace.ts';
import { parsing } from './parsing.ts';

const long = '\\"],{}: '.repeat(30_000);

it('parses long JSON as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom(0, 2), (one, other, space) => {
      const value = {
        long,
        one,
        'a "name": {': [long, other, { long, one }, []],
        empty: {},
        ['__proto__']: 1,
      };
      const json = JSON.stringify(value, undefined, space);
      const parsed = withoutPause(parsing(json));
      expect(JSON.stringify(parsed, undefined, space) === json).toBe(true);
    }),
    { numRuns: 10 },
  );
});

it('no step parses more than one long text', () => {
  const json = JSON.stringify({
    trace: [{ input: [{ content: long }], output: long }],
    output: long,
    error: long,
  });
  const parse = JSON.parse;
  let parsed = 0;
  const lengths: number[] = [];
  JSON.parse = (text: string) => {
    parsed += text.length;
    return parse(text);
  };
  try {
    const work = parsing(json);
    for (let step = work.next(); ; step = work.next()) {
      lengths.push(parsed);
      parsed = 0;
      if (step.done === true) break;
    }
  } finally {
    JSON.parse = parse;
  }
  expect(Math.max(...lengths)).toBeLessThan(1.1 * JSON.stringify(long).length);
});
