import type { Ticket } from '../langchain-triage/labels.ts';

/** A ticket as the agent is sent it. */
export function toExample({ id, input, expected }: Ticket) {
  return { id, input: `Account: ${id}\nTicket: ${input.ticket}`, expected };
}
