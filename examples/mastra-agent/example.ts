import type { Ticket } from '../langchain-triage/labels.ts';

/** Converts a ticket to the input of the agent. */
export function toExample({ id, input, expected }: Ticket) {
  return { id, input: `Account: ${id}\nTicket: ${input.ticket}`, expected };
}
