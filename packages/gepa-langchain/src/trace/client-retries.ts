import { isUnreached } from 'gepa-core/adapter';
import { agent } from '../program/agents.ts';
import { isNode, type Node } from '../program/node.ts';
import { traverse } from '../program/traverse.ts';
import { currentRun } from './current-run.ts';

/** The part of LangChain's `AsyncCaller` that decides whether its client tries again. */
interface Caller {
  onFailedAttempt: (error: unknown) => unknown;
}

const prepared = new WeakSet<object>();

/**
 * Makes the clients of a program's models report a host that they cannot reach at once, but only within rollouts. By
 * default they would try for minutes before anyone learns of a wrong port, and the run retries anyway. Outside rollouts
 * the models behave as before.
 */
export function reportUnreachedHosts(program: unknown): void {
  traverse(program, {
    enter: (path) => {
      const { node } = path.at(-1)!;
      if (!isNode(node)) return;
      const model = agent.matches(node) ? (node.options as Node).model : node;
      if (!isNode(model) || typeof model._llmType !== 'function') return;
      // A model may delegate to others: `ChatOpenAI` has one for each API.
      for (const part of [model, ...Object.values(model)]) {
        if (isNode(part) && isCaller(part.caller)) prepare(part.caller);
      }
    },
  });
}

function isCaller(value: unknown): value is Caller {
  return isNode(value) && typeof value.onFailedAttempt === 'function' && !Object.isFrozen(value);
}

function prepare(caller: Caller): void {
  if (prepared.has(caller)) return;
  prepared.add(caller);
  const own = caller.onFailedAttempt;
  caller.onFailedAttempt = (error) => {
    if (isUnreached(error) && currentRun() !== undefined) throw error;
    return own.call(caller, error);
  };
}
