import { test, train, validation } from '../langchain-triage/data.ts';
import type { Labels } from '../langchain-triage/labels.ts';

/** The directory of accounts: each ticket has its own account, with the id of the ticket. */
const customers = new Map(
  [...train, ...validation, ...test].map(({ id, expected }) => [id, expected.customer]),
);

/** @throws {Error} when there is no such account; the agent receives the message. */
export function customerOf(account: string): Labels['customer'] {
  const customer = customers.get(account);
  if (customer === undefined) throw new Error(`There is no account ${account}.`);
  return customer;
}
