import { getProviderConfig } from '@mastra/core/llm';
import { GepaError } from 'gepa-core';

/** A model cannot be called: its key, provider, name or host is missing. The run ends, and nothing is scored. */
export class UnusableModelError extends GepaError {
  static override readonly kind = 'UnusableModelError';
  /** The error code by which `gepa-core` recognizes an error that no retry can fix. */
  readonly code = 'invalid_api_key';
}

const unusableModelMessages =
  /could not find api key|could not find config for provider|could not identify provider|missing \S+ environment variable|api key is missing|not compatible with generate\(\)/i;

/** Turns an error about a missing key, provider, model or host into an `UnusableModelError`; returns others unchanged. */
export function classifyModelError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (!unusableModelMessages.test(error.message) && !isNotFound(error)) return error;
  return new UnusableModelError(error.message, { cause: error });
}

/** Whether the provider does not know the model or the host does not exist. Only AI SDK errors: tools may fail so too. */
function isNotFound({ name, cause, ...error }: Error): boolean {
  const { statusCode } = error as { statusCode?: unknown };
  return (
    name === 'AI_APICallError' &&
    (statusCode === 404 || (cause !== undefined && codesOf(cause).includes('ENOTFOUND')))
  );
}

function codesOf(error: unknown): unknown[] {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return cause === undefined ? [code] : [code, ...codesOf(cause)];
}

/** The environment variable that the model reads its API key from, if it is not set. */
export function missingApiKey(model: unknown): string | undefined {
  const { id, url, apiKey } = (typeof model === 'string' ? { id: model } : (model ?? {})) as {
    id?: unknown;
    url?: unknown;
    apiKey?: unknown;
  };
  if (typeof id !== 'string' || url !== undefined || apiKey !== undefined) return undefined;
  const { apiKeyEnvVar = [] } = getProviderConfig(id.split('/')[0] ?? '') ?? {};
  const variables = [apiKeyEnvVar].flat();
  return variables.some((name) => process.env[name]) ? undefined : variables.join(' or ') || undefined;
}
