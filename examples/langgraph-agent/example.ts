import { HumanMessage } from '@langchain/core/messages';
import type { Ticket } from '../langchain-triage/labels.ts';

/** Converts a ticket to the input of the agent. */
export function toExample({ id, input, expected }: Ticket) {
  const messages = [new HumanMessage(`Account: ${id}\nTicket: ${input.ticket}`)];
  return { id, input: { messages }, expected };
}
