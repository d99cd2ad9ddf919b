import { expect, it } from 'vitest';
import { RolloutError } from '../errors.ts';
import { selectComponents } from './select-components.ts';
import { selectionAdapter } from './selection-adapter.ts';

it('a failed rollout keeps everything that its adapter reports, with components under their public names', async () => {
  const details = {
    cause: new Error('socket hang up'),
    trace: [{ kind: 'model', name: 'gpt', components: ['system', 'left out'] }],
    usage: { modelCalls: 1, inputTokens: 2, outputTokens: 3 },
    unread: ['system'],
    images: [{ data: 'AAAA', mediaType: 'image/png' }],
    isHopeless: true,
  } as const;
  const components = { system: { text: 'a' }, 'left out': { text: 'b' } };
  const run = () => {
    throw new RolloutError('It failed.', details as never);
  };
  const selected = selectComponents(components, { include: ['system'], rename: { system: 'role' } });
  const adapter = selectionAdapter({ components, run }, selected);
  const failure = await Promise.resolve(adapter.run({ role: 'a' }, {}, {} as never)).catch((error) => error);
  expect(RolloutError.isInstance(failure)).toBe(true);
  expect(failure).toMatchObject({
    ...details,
    message: 'It failed.',
    trace: [{ components: ['role'] }],
    unread: ['role'],
  });
  expect(failure.cause).toBe(details.cause);
});
