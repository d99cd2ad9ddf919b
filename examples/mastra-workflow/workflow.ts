import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core/mastra';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { z } from 'zod';
import type { Labels } from '../langchain-triage/labels.ts';
import { readLabels } from '../mastra-agent/metric.ts';
import type { RouterModel } from '../mastra-agent/models.ts';

const labels = z.object({
  customer: z.string(),
  issue: z.string(),
  queue: z.string(),
  priority: z.string(),
});

/** Triage by two agents: one extracts the facts of a ticket, the other routes it by them. Steps call them by name. */
export function createTriage(model: RouterModel) {
  const extract = new Agent({
    id: 'extract',
    name: 'Facts',
    instructions: `You read support tickets of Larkspur, a maker of planning boards, and note the facts.

customer: one of standard, education, enterprise, partner
issue: one of payment, access, defect, outage, data, question

Answer with JSON: {"customer": "...", "issue": "..."}`,
    model,
  });
  const route = new Agent({
    id: 'route',
    name: 'Routing',
    instructions: `You route support tickets of Larkspur to the right queue.

queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support
priority: one of low, normal, high, urgent

Answer with JSON: {"queue": "...", "priority": "..."}`,
    model,
  });
  const readFacts = createStep({
    id: 'read-facts',
    inputSchema: z.object({ ticket: z.string() }),
    outputSchema: z.object({ ticket: z.string(), facts: labels.partial() }),
    execute: async ({ inputData, mastra }) => {
      const { text } = await mastra.getAgent('extract').generate(`Ticket: ${inputData.ticket}`);
      return { ticket: inputData.ticket, facts: readLabels(text) ?? {} };
    },
  });
  const chooseQueue = createStep({
    id: 'choose-queue',
    inputSchema: z.object({ ticket: z.string(), facts: labels.partial() }),
    outputSchema: labels.partial(),
    execute: async ({ inputData: { ticket, facts }, mastra }) => {
      const prompt = `What is known about the ticket: ${JSON.stringify(facts)}\nTicket: ${ticket}`;
      const { text } = await mastra.getAgent('route').generate(prompt);
      return { ...facts, ...readLabels(text) } as Partial<Labels>;
    },
  });
  const workflow = createWorkflow({
    id: 'triage',
    inputSchema: z.object({ ticket: z.string() }),
    outputSchema: labels.partial(),
  })
    .then(readFacts)
    .then(chooseQueue)
    .commit();
  const mastra = new Mastra({ agents: { extract, route }, workflows: { workflow }, logger: false });
  return { mastra, workflow };
}
