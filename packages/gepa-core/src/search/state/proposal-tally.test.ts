import { expect, it } from 'vitest';
import { optimize } from '../../optimize.ts';
import { tokenExamples, tokenRun } from '../../testing/fixtures/token-run.ts';
import { tokenMetric } from '../../testing/token-task.ts';
import { ProposalTally } from './proposal-tally.ts';

it('the result counts the proposals that were accepted and rejected, in all, by reason and by component', async () => {
  let asked = 0;
  const run = tokenRun({
    maxIterations: 12,
    maxMetricCalls: 1_000,
    propose: async ({ candidate, components }) => {
      asked++;
      if (asked % 4 === 0) return {};
      const worse = asked % 4 === 1;
      return Object.fromEntries(
        components.map((name) => [
          name,
          worse ? 'nothing' : `${candidate[name]} red green blue round ${asked}`,
        ]),
      );
    },
  });
  const { proposals, candidates } = await optimize(run.options);
  const decisions = run.decisions();
  const count = (test: (event: (typeof decisions)[number]) => boolean) => decisions.filter(test).length;
  const accepted = count((event) => event.type === 'proposal_evaluated' && event.accepted);
  const notBetter = count((event) => event.type === 'proposal_evaluated' && !event.accepted);
  const unchanged = count((event) => event.type === 'proposal_rejected');
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBe(candidates.length - 1);
  expect(proposals).toMatchObject({
    made: accepted + notBetter + unchanged,
    accepted,
    rejected: notBetter + unchanged,
    byReason: { not_better: notBetter, unchanged },
  });
  const byComponent = Object.values(proposals.byComponent);
  expect(byComponent.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(accepted);
  expect(byComponent.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(notBetter + unchanged);
  for (const { rejected, byReason } of byComponent)
    expect(Object.values(byReason).reduce((sum, count) => sum + count, 0)).toBe(rejected);
});

it('a component whose text was refused has that reason, also in a proposal with new texts for others', () => {
  const tally = new ProposalTally<string>();
  const of = { iteration: 1, task: 0, parent: 0 };
  const refused = { facts: { reason: 'unchanged', message: 'It is the current one.' } } as const;
  const tested = { ...of, texts: { decision: 'New.' }, before: [0], refused };
  tally.apply({
    type: 'proposal_evaluated',
    ...tested,
    proposal: 1,
    after: [1],
    accepted: true,
    selected: true,
  });
  tally.apply({
    type: 'proposal_evaluated',
    ...tested,
    proposal: 2,
    after: [0],
    accepted: false,
    selected: false,
  });
  tally.apply({
    type: 'proposal_rejected',
    ...of,
    proposal: 3,
    components: ['decision', 'facts'],
    reason: 'cut_off',
    message: 'It ended in mid-text.',
    refused: { ...refused, decision: { reason: 'cut_off', message: 'It ended in mid-text.' } },
  });
  expect(tally.counts.byReason).toEqual({ not_better: 1, cut_off: 1 });
  expect(tally.counts.byComponent).toEqual({
    decision: { accepted: 1, rejected: 2, byReason: { not_better: 1, cut_off: 1 } },
    facts: { accepted: 0, rejected: 3, byReason: { unchanged: 3 } },
  });
});

it('the result has the last proposal that was rejected, with a line of the feedback on its minibatch', async () => {
  const run = tokenRun({
    maxIterations: 2,
    metric: (args) => ({
      ...(tokenMetric()(args) as { score: number }),
      feedback: 'Say it in red.\nOr in blue.',
    }),
    propose: async ({ components }) => Object.fromEntries(components.map((name) => [name, 'nothing at all'])),
  });
  const { proposals } = await optimize(run.options);
  expect(proposals.accepted).toBe(0);
  expect(proposals.lastRejected).toMatchObject({
    reason: 'not_better',
    message: expect.stringMatching(/^The child scored .* in all on 3 examples/),
    feedback: 'Say it in red.',
  });
});

it('the result counts minibatches that were perfect, and those that scored 0 everywhere', async () => {
  const perfect = await optimize(
    tokenRun({ maxIterations: 3, metric: ({ example }) => Number(example.id !== 'valid-0') }).options,
  );
  expect(perfect.proposals).toMatchObject({ made: 0, perfectMinibatches: 3, zeroMinibatches: 0 });
  const zero = await optimize(tokenRun({ maxIterations: 3, metric: () => 0 }).options);
  expect(zero.proposals).toMatchObject({ perfectMinibatches: 0, zeroMinibatches: 3 });
});

it('a candidate has the number of its rollouts on the valset that threw, and the first message, masked', async () => {
  const run = tokenRun({
    maxIterations: 1,
    valset: tokenExamples('valid', 8),
    before: ({ example }) => {
      if (['valid-2', 'valid-5'].includes(example.id)) throw new Error(`no page for 555-1234 ${example.id}`);
    },
    redact: (text) => text.replace(/555-\d+/g, '[phone]'),
  });
  const { candidates } = await optimize(run.options);
  expect(candidates[0]).toMatchObject({ failed: 2, error: 'no page for [phone] valid-2' });
});
