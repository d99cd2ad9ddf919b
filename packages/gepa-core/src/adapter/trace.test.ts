import { expect, it } from 'vitest';
import { modelCallUsage } from '../budget/usage.ts';
import { type Step, usageAndFinishReason, usageOfSteps } from './trace.ts';

const call = (outputTokens: number, more: Partial<Step> = {}): Step => ({
  kind: 'model',
  name: 'model',
  usage: modelCallUsage({ model: 'm', outputTokens }),
  ...more,
});

it('usage and finish reason of a trace are those of all its model calls and of the last one', () => {
  const trace: Step[] = [
    call(1, { finishReason: 'tool_calls' }),
    { kind: 'agent', name: 'agent', children: [call(2, { finishReason: 'length' })] },
    { kind: 'tool', name: 'tool' },
  ];
  expect(usageAndFinishReason(trace)).toEqual({ usage: usageOfSteps(trace), finishReason: 'length' });
  expect(usageAndFinishReason(trace).usage).toMatchObject({ modelCalls: 2, outputTokens: 3 });
});

it('a trace has no finish reason when its last model call has none, and no usage without model calls', () => {
  expect(usageAndFinishReason([call(1, { finishReason: 'stop' }), call(2)])).toEqual({
    usage: usageOfSteps([call(1), call(2)]),
  });
  expect(usageAndFinishReason([{ kind: 'tool', name: 'tool' }])).toEqual({});
});
