import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';
import { customerOf } from '../shared/accounts.ts';
import type { RouterModel } from './models.ts';

const lookUpAccount = createTool({
  id: 'lookUpAccount',
  description: 'Looks up which kind of customer an account belongs to.',
  inputSchema: z.object({ account: z.string().describe('The account the ticket came from.') }),
  execute: async ({ account }) => ({ customer: customerOf(account) }),
});

/** Triage by one agent that looks up the customer first. */
export function createTriageAgent(model: RouterModel) {
  return new Agent({
    id: 'triage',
    name: 'Ticket triage',
    instructions: `You triage support tickets of Larkspur, a maker of planning boards.
Look up the account first.

issue: one of payment, access, defect, outage, data, question
queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support
priority: one of low, normal, high, urgent

Answer with JSON: {"issue": "...", "queue": "...", "priority": "..."}`,
    model,
    tools: { lookUpAccount },
  });
}
