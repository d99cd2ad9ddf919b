import { describe, expect, it } from 'vitest';
import { parsePolicy } from './policy.ts';
import { simulatedReflection } from './simulated-reflection.ts';

const { signal } = new AbortController();

async function rewritten(policy: string, records: string, seed = 0): Promise<string> {
  const prompt = `Improve this policy.\n\n\`\`\`\`\n${policy}\n\`\`\`\`\n\n# Runs\n\n${records}\n\nAnswer in a fence.`;
  const answer = await simulatedReflection(seed)({ prompt, signal });
  return /^````\n([\s\S]*)\n````$/.exec(String(answer))![1]!;
}

/** The rewrites with many seeds. */
const rewrites = async (policy: string, records: string) =>
  new Set(await Promise.all(Array.from({ length: 200 }, (_, seed) => rewritten(policy, records, seed))));

describe('the simulated reflection model', () => {
  it('the simulated reflection model answers a complaint with a rule against it', async () => {
    const policies = await rewrites(
      'take the longest waiting',
      'Though too late to save, it went before rolls.',
    );
    expect(policies).toContain('avoid orders too late to save\ntake the longest waiting');
    expect(policies).toContain('take the longest waiting\navoid orders too late to save');
    for (const policy of policies) {
      expect(parsePolicy(policy)).toHaveLength(2);
      expect(policy).toContain('take the longest waiting');
      expect(policy).not.toContain('due within');
    }
  });

  it('the simulated reflection model answers frequent complaints more often', async () => {
    const records = `${'Though due later, it went. '.repeat(9)}Though too late to save, it went.`;
    const seeds = Array.from({ length: 200 }, (_, seed) => rewritten('', records, seed));
    const answered = (await Promise.all(seeds)).filter((policy) => /due|longer/.test(policy));
    expect(answered.length).toBeGreaterThan(140);
  });

  it('the simulated reflection model replaces the time of a rule', async () => {
    for (const policy of await rewrites('prefer orders due within 10h', 'Though due later, it went.')) {
      expect(policy.match(/due within/g)?.length ?? 0).toBe(1);
    }
  });

  it('the simulated reflection model removes a line that cannot be parsed', async () => {
    const error = 'Line 2, "be quick": a rule is ...';
    expect(await rewritten('take the shortest\nbe quick\ntake the longest', error)).toBe(
      'take the shortest\ntake the longest',
    );
  });

  it('the simulated reflection model returns a policy without complaints unchanged', async () => {
    expect(await rewritten('take the shortest', 'All is well. by "avoid orders too late to save"')).toBe(
      'take the shortest',
    );
  });

  it('the simulated reflection model is deterministic', async () => {
    const once = () => rewritten('take the shortest', 'Though due later, it went.', 7);
    expect(await once()).toBe(await once());
  });
});
