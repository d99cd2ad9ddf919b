import { HumanMessage } from '@langchain/core/messages';
import type { Ticket } from '../langchain-triage/labels.ts';

/** A ticket as the agent is sent it. */
export function toExample({ id, input, expected }: Ticket) {
  const messages = [new HumanMessage(`Account: ${id}\nTicket: ${input.ticket}`)];
  return { id, input: { messages }, expected };
}
