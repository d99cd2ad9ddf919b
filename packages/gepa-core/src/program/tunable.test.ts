import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { tunable, tunableComponents, withCandidate } from './tunable.ts';

const policy = tunable('policy', 'original');

it('has its own text outside a rollout and the candidate inside', async () => {
  expect(policy.text).toBe('original');
  const inside = await withCandidate({ policy: 'new' }, async () => {
    await sleep(1);
    return policy.text;
  });
  expect(inside).toBe('new');
  expect(policy.text).toBe('original');
});

it('keeps 50 rollouts of different candidates apart', async () => {
  const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
  const seen = await Promise.all(
    texts.map((text, i) =>
      withCandidate({ policy: text }, async () => {
        await sleep(i % 7);
        return policy.text;
      }),
    ),
  );
  expect(seen).toEqual(texts);
});

it('keeps the texts of an outer call that an inner one does not name', () => {
  const style = tunable('style', 'plain');
  withCandidate({ policy: 'outer', style: 'ornate' }, () =>
    withCandidate({ policy: 'inner' }, () => expect([policy.text, style.text]).toEqual(['inner', 'ornate'])),
  );
});

it('names no two components the same', () => {
  const found = { system: { text: 'Be kind.', location: 'the prompt' } };
  expect(tunableComponents([tunable('style', 'plain', { kind: 'prompt' })], found)).toEqual({
    style: { text: 'plain', kind: 'prompt', location: 'tunable "style"' },
  });
  expect(() => tunableComponents([tunable('system', 'x')], found)).toThrow('found at the prompt');
  const twice = [tunable('style', 'plain'), tunable('style', 'ornate')];
  expect(() => tunableComponents(twice, found)).toThrow('two of the name "style"');
});
