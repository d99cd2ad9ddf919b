import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Discovery } from './discovery.ts';
import { isAgent, type Program } from './program.ts';
import { innerEntries, type SingleEntry } from './step-entries.ts';

/**
 * The source of the program as far as it is readable: its agents and the functions of workflow steps. A resumed run
 * compares it, so it contains nothing that differs from process to process.
 */
export function programSource(program: Program, { agents }: Pick<Discovery, 'agents'>): string {
  const ids = [...agents.keys()].filter(isAgent).map(({ id }) => `agent ${id}`);
  return [...ids, ...(isAgent(program) ? [] : stepSources(program as unknown as AnyWorkflow))].join('\n');
}

function stepSources({ stepGraph }: Pick<AnyWorkflow, 'stepGraph'>): string[] {
  const single = (entry: SingleEntry | AnyWorkflow['stepGraph'][number]): string[] => {
    const { step } = entry as {
      step?: { id?: string; execute?: unknown; stepGraph?: AnyWorkflow['stepGraph'] };
    };
    if (step === undefined) return [];
    if (step.stepGraph !== undefined) return stepSources({ stepGraph: step.stepGraph });
    return [`step ${step.id} ${String(step.execute)}`];
  };
  return stepGraph.flatMap((entry) => (innerEntries(entry) ?? [entry]).flatMap(single));
}
