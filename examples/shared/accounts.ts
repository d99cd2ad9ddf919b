import { test, train, validation } from '../langchain-triage/data.ts';
import type { Labels } from '../langchain-triage/labels.ts';

/** The directory of accounts: each ticket came from one of its own, which is named like the ticket. */
const customers = new Map(
  [...train, ...validation, ...test].map(({ id, expected }) => [id, expected.customer]),
);

/** @throws {Error} when there is no such account; the agent is told so. */
export function customerOf(account: string): Labels['customer'] {
  const customer = customers.get(account);
  if (customer === undefined) throw new Error(`There is no account ${account}.`);
  return customer;
}
