import { getProviderConfig } from '@mastra/core/llm';
import { GepaError } from 'gepa-core';

/** A model that cannot be asked for want of a key or a provider: nobody's score, and no retry heals it. */
export class ModelRefusedError extends GepaError {
  static override readonly kind = 'ModelRefusedError';
  /** The code by which refusals are known. */
  readonly code = 'invalid_api_key';
}

const refusals =
  /could not find api key|could not find config for provider|could not identify provider|missing \S+ environment variable|api key is missing/i;

/** An error that tells of a missing key or provider in words only, as one that can be known by its code. */
export function knownRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || !refusals.test(error.message)) return error;
  return new ModelRefusedError(error.message, { cause: error });
}

/** The environment variable that holds the key a model needs, where it is not set. */
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
