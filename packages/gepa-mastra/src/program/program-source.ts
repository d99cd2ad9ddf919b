import type { Agent } from '@mastra/core/agent';
import type { AnyWorkflow } from '@mastra/core/workflows';
import type { Discovery } from './discovery.ts';
import { readSync } from './maybe-promise.ts';
import { originalModel } from './original-model.ts';
import { isAgent, type Program } from './program.ts';
import { innerEntries, type SingleEntry } from './step-entries.ts';

/**
 * The source of the program as far as it is readable: its agents with their settings and addresses, and the
 * functions of workflow steps. Mastra hides the functions of tools. A resumed run compares it, so it contains nothing that differs from process to process.
 */
export function programSource(program: Program, { agents }: Pick<Discovery, 'agents'>): string {
  return [
    ...[...agents.keys()].filter(isAgent).flatMap(agentSource),
    ...(isAgent(program) ? [] : stepSources(program as unknown as AnyWorkflow)),
  ].join('\n');
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

function agentSource(agent: Agent): string[] {
  const options = readSync(() => agent.getDefaultOptions() as unknown as Record<string, unknown>);
  const { modelSettings, providerOptions, maxSteps, toolChoice } = 'value' in options ? options.value : {};
  const { model } = agent as { readonly model?: unknown };
  return [
    `agent ${agent.id}`,
    JSON.stringify({ modelSettings, providerOptions, maxSteps, toolChoice }),
    ...addressesOf(originalModel(model)),
  ];
}

/** The addresses that a model, or a list of models, states as `url`. */
function addressesOf(model: unknown): string[] {
  if (Array.isArray(model)) return model.flatMap((entry) => addressesOf(entry?.model));
  const { url } = (model ?? {}) as { readonly url?: unknown };
  if (typeof url !== 'string' || !URL.canParse(url)) return [];
  const { protocol, hostname, host, pathname } = new URL(url);
  // Without credentials, and without the port of a local server, which may be another each time.
  const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
  return [`at ${protocol}//${isLocal ? hostname : host}${pathname}`];
}
