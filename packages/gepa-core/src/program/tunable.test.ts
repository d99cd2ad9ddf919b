import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { tunable, tunableComponents, withCandidate, withoutCandidate } from './tunable.ts';

const policy = tunable('policy', 'original');

it('a tunable has its original text outside withCandidate and the text of the candidate inside', async () => {
  expect(policy.text).toBe('original');
  const inside = await withCandidate({ policy: 'new' }, async () => {
    await sleep(1);
    return policy.text;
  });
  expect(inside).toBe('new');
  expect(policy.text).toBe('original');
});

it('withCandidate keeps 50 concurrent candidates apart', async () => {
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

it('a nested withCandidate keeps the texts of the outer call for the names it omits', () => {
  const style = tunable('style', 'plain');
  withCandidate({ policy: 'outer', style: 'ornate' }, () =>
    withCandidate({ policy: 'inner' }, () => expect([policy.text, style.text]).toEqual(['inner', 'ornate'])),
  );
});

it('tunableComponents refuses the name of a found component and a name used twice', () => {
  const found = { system: { text: 'Be kind.', location: 'the prompt' } };
  expect(tunableComponents([tunable('style', 'plain', { kind: 'prompt' })], found)).toEqual({
    style: { text: 'plain', kind: 'prompt', location: 'tunable "style"' },
  });
  expect(() => tunableComponents([tunable('system', 'x')], found)).toThrow('found at the prompt');
  const twice = [tunable('style', 'plain'), tunable('style', 'ornate')];
  expect(() => tunableComponents(twice, found)).toThrow('two tunables with the name "style"');
});

it('withCandidate collects the tunables that are read, and withoutCandidate leaves the rollout', () => {
  const reads = new Set<string>();
  withCandidate(
    { policy: 'new' },
    () => {
      expect(withoutCandidate(() => policy.text)).toBe('original');
      expect(reads.size).toBe(0);
      withCandidate({ style: 'inner' }, () => policy.text);
    },
    { reads },
  );
  expect([...reads]).toEqual(['policy']);
});
