import type { Client } from 'langsmith';
import { optionalPackage } from '../util/optional-package.ts';

/**
 * The given client, or one configured by the environment (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`).
 * @throws {OptionsError} when no client is given and `langsmith` is not installed.
 */
export async function langSmithClient(client?: Client): Promise<Client> {
  if (client !== undefined) return client;
  const langsmith = await optionalPackage('langsmith', 'A client of LangSmith', () => import('langsmith'));
  return new langsmith.Client();
}
