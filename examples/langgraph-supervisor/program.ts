import { createSupervisor } from '@langchain/langgraph-supervisor';
import type { ChatOpenAI } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

/** Triage by a supervisor that asks one agent through a tool and hands over to another. */
export function createTriageTeam(model: ChatOpenAI) {
  const issueAgent = createAgent({
    name: 'issue',
    model,
    tools: [],
    systemPrompt: `You read support tickets of Larkspur, a maker of planning boards.

issue: one of payment, access, defect, outage, data, question

Answer with JSON: {"issue": "..."}`,
  });
  const queueAgent = createAgent({
    name: 'queue',
    model,
    tools: [],
    systemPrompt: `You route support tickets of Larkspur, a maker of planning boards.

queue: one of billing, collections, grants, identity, incidents, labs, partners, recovery, retention, support
priority: one of low, normal, high, urgent

Answer with JSON: {"queue": "...", "priority": "..."}`,
  });
  const classifyIssue = tool(
    async ({ ticket }) => {
      const { messages } = await issueAgent.invoke({
        messages: [{ role: 'user', content: `Ticket: ${ticket}` }],
      });
      return messages.at(-1)!.text;
    },
    {
      name: 'classify_issue',
      description: 'Says what kind of issue a ticket is about.',
      schema: z.object({ ticket: z.string() }),
    },
  );
  const program = createSupervisor({
    agents: [queueAgent.graph as never],
    llm: model,
    tools: [classifyIssue],
    prompt: 'Classify the issue of the ticket first. Then transfer to the agent that routes it.',
  }).compile();
  return { program, issueAgent, queueAgent };
}
