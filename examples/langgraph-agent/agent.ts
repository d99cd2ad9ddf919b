import type { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { customerOf } from '../shared/accounts.ts';

const lookUpAccount = tool(({ account }) => JSON.stringify({ customer: customerOf(account) }), {
  name: 'look_up_account',
  description: 'Looks up which kind of customer an account belongs to.',
  schema: z.object({ account: z.string().describe('The account the ticket came from.') }),
});

/** Triage by one agent that looks up the customer first. */
export function createTriageAgent(model: ChatOpenAI) {
  return createAgent({
    model,
    tools: [lookUpAccount],
    systemPrompt: `You triage support tickets of Larkspur, a maker of planning boards.
Look up the account first.

issue: one of payment, access, defect, outage, data, question
queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support
priority: one of low, normal, high, urgent

Answer with JSON: {"issue": "...", "queue": "...", "priority": "..."}`,
  });
}
