import type { Task } from './strategies/proposal-sampling.ts';

/** What a task can cost at most, in metric calls. */
export interface TaskCost {
  /** Running the parent on the minibatch. */
  readonly parent: number;
  /** Running the child there. */
  readonly child: number;
  /** The child's pass over the valset. */
  readonly valset: number;
}

/**
 * The leading tasks that can be carried through to the end, valset passes included. An iteration that could not end
 * in a new candidate would only waste what it costs.
 */
export function affordableTasks(
  tasks: readonly Task[],
  remaining: number,
  costOf: (task: Task) => TaskCost,
  mostSelected: (tasks: number) => number,
): readonly Task[] {
  if (remaining === Number.POSITIVE_INFINITY) return tasks;
  let minibatches = 0;
  let dearestValset = 0;
  for (let count = 1; count <= tasks.length; count++) {
    const { parent, child, valset } = costOf(tasks[count - 1]!);
    minibatches += parent + child;
    dearestValset = Math.max(dearestValset, valset);
    if (minibatches + mostSelected(count) * dearestValset > remaining) return tasks.slice(0, count - 1);
  }
  return tasks;
}
