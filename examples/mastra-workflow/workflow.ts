import { Agent } from '@mastra/core/agent';
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

/** Triage by two agents: one extracts the facts of a ticket, the other routes it by them. */
export function createTriageWorkflow(model: RouterModel) {
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
  return createWorkflow({
    id: 'triage',
    inputSchema: z.object({ ticket: z.string() }),
    outputSchema: labels.partial(),
  })
    .map(async ({ inputData }) => ({ prompt: `Ticket: ${inputData.ticket}` }))
    .then(createStep(extract))
    .map(async ({ inputData, getInitData }) => {
      const facts = JSON.stringify(readLabels(inputData.text) ?? {});
      const { ticket } = getInitData<{ ticket: string }>();
      return { prompt: `What is known about the ticket: ${facts}\nTicket: ${ticket}` };
    })
    .then(createStep(route))
    .map(async ({ inputData, getStepResult }) => {
      const facts = readLabels(getStepResult<{ text: string }>('extract').text);
      return { ...facts, ...readLabels(inputData.text) } as Partial<Labels>;
    })
    .commit();
}
