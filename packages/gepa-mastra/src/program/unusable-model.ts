import { getProviderConfig } from '@mastra/core/llm';
import { GepaError } from 'gepa-core';

/** A model that cannot be asked, such as for want of a key, a provider or the model itself: nobody's score, and no retry heals it. */
export class ModelRefusedError extends GepaError {
  static override readonly kind = 'ModelRefusedError';
  /** The code by which refusals are known. */
  readonly code = 'invalid_api_key';
}

const refusals =
  /could not find api key|could not find config for provider|could not identify provider|missing \S+ environment variable|api key is missing|not compatible with generate\(\)/i;

/** An error that tells of a missing key, provider, model or host, or of a model too old to be asked, as one that can be known by its code. */
export function knownRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || !(refusals.test(error.message) || isNowhere(error))) return error;
  return new ModelRefusedError(error.message, { cause: error });
}

/** Whether a provider has no such model, or there is no such host; tools and steps may fail so by their input. */
function isNowhere({ name, cause, ...error }: Error): boolean {
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
