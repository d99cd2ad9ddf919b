import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { hookPart, unhookedDescriptors } from './part-hooks.ts';
import { withCandidate } from './tunable.ts';

class Prompt {
  #secret: string;
  text: string;
  readonly id = 7;
  constructor(text: string) {
    this.text = text;
    this.#secret = text;
  }
  get label() {
    return `label of ${this.text}`;
  }
  reveal() {
    return this.#secret;
  }
}

const bound = (copies: [object, object][], call: () => unknown, reads = new Set<string>()) =>
  withCandidate({}, call, { copies: new Map(copies), reads });

it('a hooked object has the fields of its copy within the rollout, and its own in every other concurrent rollout', async () => {
  const live = new Prompt('own');
  hookPart(live, 'answer', ['text', 'label', 'reveal']);
  const seen = await Promise.all(
    ['a', 'b', 'c'].map((text, i) =>
      bound([[live, new Prompt(text)]], async () => {
        await sleep(3 - i);
        return [live.text, live.label, live.reveal(), live.id];
      }),
    ),
  );
  expect(seen).toEqual(['a', 'b', 'c'].map((text) => [text, `label of ${text}`, text, 7]));
  expect([live.text, live.label, live.reveal()]).toEqual(['own', 'label of own', 'own']);
});

it('outside a rollout the hooks cannot be seen in keys, JSON and identity, and assignments work', () => {
  const live = new Prompt('own');
  const before = JSON.stringify(live);
  const unhook = hookPart(live, 'answer', ['text', 'label', 'reveal']);
  expect(JSON.stringify(live)).toBe(before);
  expect(Object.keys(live)).toEqual(['text', 'id']);
  expect({ ...live }).toEqual({ text: 'own', id: 7 });
  expect(live).toBeInstanceOf(Prompt);
  expect(Object.create(live).reveal).toBe(Prompt.prototype.reveal);
  live.text = 'assigned';
  expect(live.text).toBe('assigned');
  unhook();
  expect(Object.getOwnPropertyDescriptors(live)).toEqual(
    Object.getOwnPropertyDescriptors(Object.assign(new Prompt('own'), { text: 'assigned' })),
  );
});

it('hooks are removed when the last owner removes them', () => {
  const live = new Prompt('own');
  const [first, second] = [hookPart(live, 'a', ['text']), hookPart(live, 'b', ['text', 'reveal'])];
  const reads = new Set<string>();
  first();
  first();
  expect(bound([[live, new Prompt('new')]], () => live.text, reads)).toBe('new');
  expect([...reads]).toEqual(['b']);
  second();
  expect(bound([[live, new Prompt('new')]], () => live.text)).toBe('own');
  expect(Object.getOwnPropertyNames(live)).toEqual(['text', 'id']);
});

it('a clone made from unhookedDescriptors has no hooks', () => {
  const live = new Prompt('own');
  hookPart(live, 'answer', ['text', 'label']);
  const clone = Object.create(Prompt.prototype, unhookedDescriptors(live));
  expect(bound([[live, new Prompt('new')]], () => clone.text)).toBe('own');
  expect(Object.getOwnPropertyNames(clone)).toEqual(['text', 'id']);
});
