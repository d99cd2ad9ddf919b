import fc from 'fast-check';
import { expect, it } from 'vitest';
import { headOfLine } from './head-of-line.ts';

const encoder = new TextEncoder();
const headOf = (line: object) => headOfLine(encoder.encode(`${JSON.stringify(line)}\n`));

it('the head of a line has every field before the long ones, whatever the fields contain', () => {
  const names = fc.constantFrom('feedback', 'output', 'trace', 'prompt', 'a', ',"output":', '}');
  const value = fc.letrec((tie) => ({
    any: fc.oneof(fc.string(), names, fc.integer(), fc.dictionary(names, tie('any')), fc.array(tie('any'))),
  })).any;
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.double({ noNaN: true })),
      fc.string(),
      value,
      value,
      (objectives, error, output, trace) => {
        const head = { type: 'rollout', at: 1, textsId: 0, exampleId: error, score: 0.5, objectives, error };
        const line = { ...head, feedback: 'said "output":', output, trace };
        expect(headOf(line)).toMatchObject(JSON.parse(JSON.stringify(head)));
      },
    ),
  );
});

it('the head of a line is read without parsing a long field', () => {
  const start = encoder.encode('{"type":"rollout","at":1,"textsId":0,"score":1,"output":"');
  const bytes = new Uint8Array(start.length + 100_000).fill(0xff);
  bytes.set(start);
  expect(headOfLine(bytes)).toEqual({ type: 'rollout', at: 1, textsId: 0, score: 1 });
});

it('a line of version 3, which has the long fields in the middle, is read as a whole', () => {
  expect(headOf({ type: 'rollout', candidate: 2, output: 'x', durationMs: 4, at: 5 })).toMatchObject({
    textsId: 2,
    durationMs: 4,
    at: 5,
  });
});

it('a damaged line has no head', () => {
  expect(headOfLine(encoder.encode('{"type":"rollout","at":'))).toBeUndefined();
  expect(headOfLine(encoder.encode('7'))).toBeUndefined();
});
