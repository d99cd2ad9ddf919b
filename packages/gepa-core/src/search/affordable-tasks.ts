import type { Task } from './strategies/proposal-sampling.ts';

/** The maximum of metric calls that a task can take. */
export interface TaskCost {
  /** Running the parent on the minibatch. */
  readonly parent: number;
  /** Running the child there. */
  readonly child: number;
  /** Validating the child. */
  readonly valset: number;
}

/**
 * The first tasks, as many as the budget can finish, validation included. An iteration that cannot add a candidate would be
 * wasted.
 */
export function affordableTasks(
  tasks: readonly Task[],
  remaining: number,
  costOf: (task: Task) => TaskCost,
  mostSelected: (tasks: number) => number,
): readonly Task[] {
  if (remaining === Number.POSITIVE_INFINITY) return tasks;
  let minibatches = 0;
  let largestValset = 0;
  for (let count = 1; count <= tasks.length; count++) {
    const { parent, child, valset } = costOf(tasks[count - 1]!);
    minibatches += parent + child;
    largestValset = Math.max(largestValset, valset);
    if (minibatches + mostSelected(count) * largestValset > remaining) return tasks.slice(0, count - 1);
  }
  return tasks;
}
