import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plain } from '../../text/plain.ts';
import { pruneLists } from './prune-lists.ts';

const message = (content: string, role = 'user') => ({ role, content });

describe('pruneLists', () => {
  it('pruneLists keeps the first and the last entries and notes how many it removed between', () => {
    const calls = Array.from({ length: 9 }, (_, i) => ({ 'What the model saw': `turn ${i}` }));
    expect(pruneLists(calls, 2)).toEqual([calls[0], '[… 6 earlier calls cut …]', calls[7], calls[8]]);
    expect(pruneLists(calls, 7)).toEqual([calls[0], '[… 1 earlier call cut …]', ...calls.slice(2)]);
    expect(pruneLists(calls, 8)).toEqual(calls);
  });

  it('pruneLists keeps the last of equal entries and notes how often they occurred before', () => {
    const [a, b, c] = ['search', 'fetch', 'answer'].map((Step) => ({ Step }));
    expect(pruneLists([c!, a!, b!, a!, a!, b!, c!], 9)).toEqual([
      c,
      '[… the same step 2 more times before …]',
      a,
      '[… the same step 1 more time before …]',
      b,
      c,
    ]);
  });

  it('pruneLists counts repeated entries among the removed ones', () => {
    expect(pruneLists(['a', 'b', 'b', 'b', 'c', 'd'], 1)).toEqual(['a', '[… 4 earlier entries cut …]', 'd']);
  });

  it("pruneLists keeps the user's first message and the instructions before it", () => {
    const [tools, system, task] = [message('search', 'tools'), message('Help.', 'system'), message('Who?')];
    const others = ['a', 'b', 'c'].map((text) => message(text, 'assistant'));
    expect(pruneLists([tools, system, task, ...others], 1)).toEqual([
      tools,
      system,
      task,
      '[… 2 earlier messages cut …]',
      others[2],
    ]);
    const onlySystem = ['a', 'b', 'c', 'd'].map((text) => message(text, 'system'));
    expect(pruneLists(onlySystem, 1)).toEqual([onlySystem[0], '[… 2 earlier messages cut …]', onlySystem[3]]);
  });

  it('pruneLists applies to lists in entries and fields', () => {
    const messages = ['a', 'b', 'c', 'd'].map((text) => message(text));
    const pruned = [messages[0], '[… 2 earlier messages cut …]', messages[3]];
    expect(pruneLists({ state: { messages } }, 1)).toEqual({ state: { messages: pruned } });
    expect(pruneLists([{ messages }], 1)).toEqual([{ messages: pruned }]);
  });

  it.each<[Plain]>([['text'], [null], [7], [[1, 2, 3, 4, 5]], [[]], [{}], [['a', 'b']]])(
    'pruneLists does not change %j',
    (value) => expect(pruneLists(value, 1)).toEqual(value),
  );

  it('pruneLists keeps the order of entries, and its notes count the removed ones', () => {
    const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 40 }), (texts, latest) => {
        // `call_id` does not distinguish entries, so it can record their positions.
        const list = texts.map((content, call_id) => ({ role: 'tool', call_id, content }));
        const pruned = pruneLists(list, latest) as (string | (typeof list)[number])[];
        const notes = pruned.filter((entry) => typeof entry === 'string');
        const shown = pruned.filter((entry) => typeof entry !== 'string');
        const positions = shown.map((entry) => entry.call_id);
        const removed = notes.reduce((sum, note) => sum + Number(/\d+/.exec(note)![0]), 0);
        expect(shown.length + removed).toBe(list.length);
        expect(shown.length).toBeLessThanOrEqual(latest + 1);
        expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
        expect([positions[0], positions.at(-1)]).toEqual([0, list.length - 1]);
        for (const position of positions.slice(1)) {
          expect(texts.lastIndexOf(texts[position]!)).toBe(position);
        }
      }),
      { numRuns: 500 },
    );
  });
});
