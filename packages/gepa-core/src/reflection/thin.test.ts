import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plain } from './plain.ts';
import { thin } from './thin.ts';

const message = (content: string, role = 'user') => ({ role, content });

describe('thin', () => {
  it('keeps the first and the latest entries and says how many are between', () => {
    const calls = Array.from({ length: 9 }, (_, i) => ({ 'What the model saw': `turn ${i}` }));
    expect(thin(calls, 2)).toEqual([calls[0], '[… 6 earlier calls cut …]', calls[7], calls[8]]);
    expect(thin(calls, 7)).toEqual([calls[0], '[… 1 earlier call cut …]', ...calls.slice(2)]);
    expect(thin(calls, 8)).toEqual(calls);
  });

  it('keeps of entries that say the same the latest and says how often they occurred', () => {
    const [a, b, c] = ['search', 'fetch', 'answer'].map((Step) => ({ Step }));
    expect(thin([c!, a!, b!, a!, a!, b!, c!], 9)).toEqual([
      c,
      '[… the same step 2 more times before …]',
      a,
      '[… the same step 1 more time before …]',
      b,
      c,
    ]);
  });

  it('counts repeats among what it cuts later', () => {
    expect(thin(['a', 'b', 'b', 'b', 'c', 'd'], 1)).toEqual(['a', '[… 4 earlier entries cut …]', 'd']);
  });

  it('keeps the first message of the user with the instructions before it', () => {
    const [tools, system, task] = [message('search', 'tools'), message('Help.', 'system'), message('Who?')];
    const others = ['a', 'b', 'c'].map((text) => message(text, 'assistant'));
    expect(thin([tools, system, task, ...others], 1)).toEqual([
      tools,
      system,
      task,
      '[… 2 earlier messages cut …]',
      others[2],
    ]);
    const onlySystem = ['a', 'b', 'c', 'd'].map((text) => message(text, 'system'));
    expect(thin(onlySystem, 1)).toEqual([onlySystem[0], '[… 2 earlier messages cut …]', onlySystem[3]]);
  });

  it('reaches lists in entries and fields', () => {
    const messages = ['a', 'b', 'c', 'd'].map((text) => message(text));
    const thinned = [messages[0], '[… 2 earlier messages cut …]', messages[3]];
    expect(thin({ state: { messages } }, 1)).toEqual({ state: { messages: thinned } });
    expect(thin([{ messages }], 1)).toEqual([{ messages: thinned }]);
  });

  it.each<[Plain]>([['text'], [null], [7], [[1, 2, 3, 4, 5]], [[]], [{}], [['a', 'b']]])(
    'leaves %j',
    (value) => expect(thin(value, 1)).toEqual(value),
  );

  it('shows entries in order, and its notes count those that are gone', () => {
    const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 40 }), (texts, latest) => {
        // The reference makes no entry another, but tells where it stood.
        const list = texts.map((content, call_id) => ({ role: 'tool', call_id, content }));
        const thinned = thin(list, latest) as (string | (typeof list)[number])[];
        const notes = thinned.filter((entry) => typeof entry === 'string');
        const shown = thinned.filter((entry) => typeof entry !== 'string');
        const places = shown.map((entry) => entry.call_id);
        const gone = notes.reduce((sum, note) => sum + Number(/\d+/.exec(note)![0]), 0);
        expect(shown.length + gone).toBe(list.length);
        expect(shown.length).toBeLessThanOrEqual(latest + 1);
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
        expect([places[0], places.at(-1)]).toEqual([0, list.length - 1]);
        for (const place of places.slice(1)) expect(texts.lastIndexOf(texts[place]!)).toBe(place);
      }),
      { numRuns: 500 },
    );
  });
});
