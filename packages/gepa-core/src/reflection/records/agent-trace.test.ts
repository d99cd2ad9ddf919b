import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../adapter/adapter.ts';
import type { Step } from '../../adapter/trace.ts';
import { defaultRecords } from './records.ts';
import { renderRecords } from './render.ts';

interface Turn {
  readonly query: string;
  readonly result?: string;
  readonly error?: string;
}

const task = [
  { role: 'system', content: 'You answer with the search tool.' },
  { role: 'user', content: 'When did Ada Lovelace meet Babbage?' },
];
const usage = { modelCalls: 1, inputTokens: 100, outputTokens: 10 };

/** The trace of an agent that searches once per turn, then answers. Each tool call has a new id. */
function agentTrace(turns: readonly Turn[]): Step[] {
  const messages: unknown[] = [...task];
  const steps = turns.flatMap(({ query, result, error }, index): Step[] => {
    const call = { id: `call_${index}`, name: 'search', args: { query } };
    const answer = { role: 'assistant', content: '', toolCalls: [call] };
    const model = modelStep([...messages], answer);
    messages.push(answer, { role: 'tool', tool_call_id: call.id, content: result ?? `Error: ${error}` });
    const tool = { kind: 'tool', name: 'search', input: { query } } as const;
    return [model, error === undefined ? { ...tool, output: result } : { ...tool, error }];
  });
  const last = modelStep([...messages], { role: 'assistant', content: 'On 5 June 1833.' });
  return [{ kind: 'agent', name: 'researcher', children: [...steps, last] }];
}

function modelStep(input: unknown, output: unknown): Step {
  return { kind: 'model', name: 'model', components: ['system'], input, output, usage };
}

function rolloutOf(trace: Step[]): Rollout<unknown, unknown> {
  return {
    example: { input: 'When did Ada Lovelace meet Babbage?' },
    exampleId: 'train:0',
    output: 'On 5 June 1833.',
    trace,
    score: 0.5,
    feedback: 'Right, but with too many searches.',
  };
}

function rendered(trace: Step[], maxCharacters: number): Promise<string> {
  const rollouts = [rolloutOf(trace)];
  return renderRecords(defaultRecords({ component: 'system', rollouts }), { maxCharacters });
}

const found = (i: number): Turn => ({ query: `letter ${i}`, result: `Letter ${i} bears no date.` });
const failed: Turn = { query: 'diary', error: 'the archive is closed' };
const turns = Array.from({ length: 30 }, (_, i) => (i % 10 < 3 ? found(i) : failed));

const callsIn = (text: string) => text.slice(text.indexOf('### Calls'), text.indexOf('### Final output'));

/** The query or answer of each call in a rendered record, and the notes between the calls. */
function outline(text: string): string[] {
  const entries = callsIn(text).split(/^- /m).slice(1);
  return entries.map((entry) => {
    if (entry.startsWith('[')) return entry.trim();
    const [, answer = ''] = entry.split(/^ {2}Answer:/m);
    const found = /query: (.+?)(?: \})?$|(?:content|assistant): (.+?)(?: \})?$/m;
    return found.exec(answer.replace('content: (empty)', ''))!.slice(1).join('');
  });
}

describe('the record of an agent with 30 turns', () => {
  it('the record of an agent shows all 30 turns if there is room', async () => {
    const text = await rendered(agentTrace(turns), 100_000);
    expect(outline(text)).toEqual([...turns.map(({ query }) => query), 'On 5 June 1833.']);
    expect(text.match(/Error: the archive is closed$/gm)).toHaveLength(21);
    expect(text).not.toContain('[…');
  });

  it('the record of an agent loses repeated calls first', async () => {
    expect(outline(await rendered(agentTrace(turns), 5_500))).toEqual([
      ...['letter 0', 'letter 1', 'letter 2'],
      ...['letter 10', 'letter 11', 'letter 12'],
      ...['letter 20', 'letter 21', 'letter 22'],
      '[… the same call 20 more times before …]',
      ...['diary', 'On 5 June 1833.'],
    ]);
  });

  it('the record of an agent loses the oldest calls after the repeated ones', async () => {
    expect(await rendered(agentTrace(turns), 2_000)).toMatchInlineSnapshot(`
      "## Example 1 (score 0.5)

      ### Input

      When did Ada Lovelace meet Babbage?

      ### Calls

      - What the model saw:
          - system: You answer with the search tool.
          - user: When did Ada Lovelace meet Babbage?
        Answer:
          role: assistant
          content: (empty)
          toolCalls:
            - id: call_0, name: search, args: { query: letter 0 }
        Afterwards:
          - Step: search, Output: Letter 0 bears no date.
      - [… 5 earlier calls cut …]
      - What the model saw: [as in the call before, with its answer and what came of it]
        Answer:
          role: assistant
          content: (empty)
          toolCalls:
            - id: call_20, name: search, args: { query: letter 20 }
        Afterwards:
          - Step: search, Output: Letter 20 bears no date.
      - What the model saw: [as in the call before, with its answer and what came of it]
        Answer:
          role: assistant
          content: (empty)
          toolCalls:
            - id: call_21, name: search, args: { query: letter 21 }
        Afterwards:
          - Step: search, Output: Letter 21 bears no date.
      - What the model saw: [as in the call before, with its answer and what came of it]
        Answer:
          role: assistant
          content: (empty)
          toolCalls:
            - id: call_22, name: search, args: { query: letter 22 }
        Afterwards:
          - Step: search, Output: Letter 22 bears no date.
      - [… the same call 20 more times before …]
      - What the model saw: [as in the call before, with its answer and what came of it]
        Answer:
          role: assistant
          content: (empty)
          toolCalls:
            - id: call_29, name: search, args: { query: diary }
        Afterwards:
          - Step: search, Error: the archive is closed
      - What the model saw: [as in the call before, with its answer and what came of it]
        Answer: { assistant: On 5 June 1833. }

      ### Final output

      On 5 June 1833.

      ### Feedback

      Right, but with too many searches."
    `);
  });
});

it('the record of an agent shortens a very long text rather than lose turns', async () => {
  const page = { query: 'page', result: 'x'.repeat(50_000) };
  const text = await rendered(agentTrace([found(0), found(1), page, found(2), found(3)]), 8_000);
  const queries = ['letter 0', 'letter 1', 'page', 'letter 2', 'letter 3'];
  expect(outline(text)).toEqual([...queries, 'On 5 June 1833.']);
  expect(text).toMatch(/x{1000}\[… [\d,]+ characters cut …\]x{1000}/);
});

it('the record of any agent keeps to maxCharacters, keeps feedback, task and order, and counts the calls it cut', async () => {
  const turn = fc.oneof(
    fc.constant(failed),
    fc.record({ query: fc.constantFrom('a', 'b', 'c'), result: fc.string({ maxLength: 400 }) }),
    fc.nat(99).map(found),
  );
  const someTurns = fc.array(turn, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(someTurns, fc.integer({ min: 2_500, max: 20_000 }), async (turns, budget) => {
      const text = await rendered(agentTrace(turns), budget);
      expect(text.length).toBeLessThanOrEqual(budget);
      expect(text).toContain('### Feedback\n\nRight, but with too many searches.');
      const calls = callsIn(text);
      expect(calls).toContain('When did Ada Lovelace meet Babbage?');
      const shown = calls.match(/^- What the model saw:/gm)!.length;
      const notes = [...calls.matchAll(/^- \[… (?:the same call )?(\d+) /gm)].map(([, count]) =>
        Number(count),
      );
      expect(notes.reduce((sum, count) => sum + count, shown)).toBe(turns.length + 1);
      const called = /^ {2}Answer:\n(?: {4}.*\n)*? +- id: call_(\d+)\b/gm;
      const order = [...calls.matchAll(called)].map(([, id]) => Number(id));
      expect(order).toHaveLength(shown - 1);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }),
    { numRuns: 200 },
  );
});

it('a step that returns the state of an agent shows only messages that the record has not shown', () => {
  const answer = { role: 'ai', content: 'In 1833.' };
  const handOff = { role: 'tool', content: 'Passed on to the editor.' };
  const state = { messages: [...task, answer, handOff] };
  const repeated = { ...modelStep(task, 'No.'), components: [] };
  const trace: Step[] = [
    modelStep(task, 'In 1833.'),
    { kind: 'chain', name: 'pass on', output: { handOffTo: ['editor'], ...state } },
    { kind: 'chain', name: 'start', output: state },
    { kind: 'tool', name: 'look', output: { role: 'tool', content: 'Nothing.' } },
    { kind: 'tool', name: 'look', output: { role: 'tool', content: 'Nothing.' } },
    { kind: 'prompt', name: 'prompt', output: [...task, { role: 'human', content: 'Edit.' }] },
    repeated,
  ];
  expect(defaultRecords({ component: 'system', rollouts: [rolloutOf(trace)] })[0]!.Afterwards).toEqual([
    { Step: 'pass on', Output: { handOffTo: ['editor'], messages: [handOff] } },
    { Step: 'look', Output: 'Nothing.' },
    { Step: 'look', Output: 'Nothing.' },
    { Step: 'model', Output: 'No.' },
  ]);
});
