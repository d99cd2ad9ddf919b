import { type LoopbackServer, startServer } from './server.ts';

/** An HTTP response in the words of one provider. */
export interface RawResponse {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response that brings no answer, and the kind of failure it is, wherever the provider's client puts the details. */
export interface ProviderFailure {
  readonly provider: Provider;
  readonly name: string;
  readonly response: RawResponse;
  readonly kind: 'transient' | 'refused' | 'program';
}

export type Provider = 'openai' | 'anthropic' | 'google' | 'mistral' | 'ollama' | 'aws';

/** A server that answers every request with the response given last. */
export interface FailingServer extends LoopbackServer {
  response: RawResponse;
  readonly requests: number;
}

export async function startFailingServer(): Promise<FailingServer> {
  let requests = 0;
  const failing: { response: RawResponse } = { response: { status: 500, body: '' } };
  const server = await startServer((_request, response) => {
    requests++;
    const { status, headers, body } = failing.response;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  Object.assign(failing, server);
  return Object.defineProperty(failing, 'requests', { get: () => requests }) as FailingServer;
}

type Row = readonly [
  kind: ProviderFailure['kind'],
  name: string,
  status: number,
  body: unknown,
  headers?: Record<string, string>,
];

const html = '<html><body>502 Bad Gateway</body></html>';
const page = { 'content-type': 'text/html' };

const openai = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
  error: { message, type, code, param: null },
});
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } });
const google = (code: number, status: string, message: string, details: readonly object[] = []) => ({
  error: { code, status, message, details },
});
const reason = (reason: string) => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason });
const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.01s' };
const perDay = {
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
};
const googleQuota = 'You exceeded your current quota, please check your plan and billing details.';
const mistral = (message: string, type: string, code: string) => ({ object: 'error', message, type, code });
const awsRow = (kind: Row[0], status: number, type: string, message: string): Row => [
  kind,
  `${type}: ${message}`,
  status,
  { message },
  { 'x-amzn-errortype': type },
];

const usage = { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 };
const rows: Readonly<Record<Provider, readonly Row[]>> = {
  openai: [
    ['transient', 'rate limit', 429, openai('Rate limit reached', 'rate_limit_exceeded', 'tokens')],
    ['transient', 'overload', 503, openai('The engine is currently overloaded', null, 'server_error')],
    ['transient', 'gateway timeout', 504, html, page],
    ['transient', 'HTML page', 200, html, page],
    ['transient', 'HTML page as JSON', 200, html],
    ['transient', 'empty body', 200, ''],
    ['transient', 'cut-off JSON', 200, '{"choices":[{"message":{"content":"Hel'],
    ['transient', 'no choices', 200, { id: '1', model: 'm', choices: [], usage }],
    ['transient', 'error 429 in status 200', 200, { error: { code: 429, message: 'Rate limited' } }],
    [
      'transient',
      'finish_reason "error"',
      200,
      {
        id: '1',
        model: 'm',
        choices: [{ index: 0, finish_reason: 'error', message: { role: 'assistant', content: '' } }],
        usage,
      },
    ],
    ['refused', 'invalid key', 401, openai('Incorrect API key provided: k.', 'invalid_api_key')],
    ['refused', 'invalid key with status 400', 400, openai('Invalid API key provided.')],
    ['refused', 'exhausted quota', 429, openai('You exceeded your current quota', 'insufficient_quota')],
    ['refused', 'no credit', 402, openai('Insufficient credits.')],
    ['refused', 'no balance with status 400', 400, openai('Insufficient balance')],
    ['refused', 'billing limit with status 400', 400, openai('Limit', 'billing_hard_limit_reached')],
    ['refused', 'disabled organization with status 400', 400, openai('This organization has been disabled.')],
    [
      'refused',
      'location',
      403,
      openai(
        'Country, region, or territory not supported',
        'unsupported_country_region_territory',
        'request_forbidden',
      ),
    ],
    ['refused', 'unknown model', 404, openai('The model `m` does not exist', 'model_not_found')],
    ['refused', 'unknown model with status 400', 400, openai('vendor/m-1.5 is not a valid model ID')],
    ['program', 'context length', 400, openai('maximum context length is 8', 'context_length_exceeded')],
    ['program', 'content filter', 400, openai('The content management policy', 'content_filter')],
    ['program', 'flagged input with status 403', 403, openai('Your input was flagged by moderation')],
    ['program', 'bad request', 400, openai('Invalid value for temperature')],
  ],
  anthropic: [
    ['transient', 'rate limit', 429, anthropic('rate_limit_error', 'Too many requests')],
    ['transient', 'overload', 529, anthropic('overloaded_error', 'Overloaded')],
    ['transient', 'HTML page', 200, html, page],
    ['transient', 'empty body', 200, ''],
    ['transient', 'cut-off JSON', 200, '{"content":[{"type":"text","te'],
    ['transient', 'no content', 200, { id: '1', type: 'message', role: 'assistant', content: [] }],
    ['transient', 'error in status 200', 200, { error: { code: 429 } }],
    ['refused', 'invalid key', 401, anthropic('authentication_error', 'invalid x-api-key')],
    [
      'refused',
      'no credit with status 400',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
    ],
    [
      'refused',
      'disabled organization with status 400',
      400,
      anthropic('invalid_request_error', 'This organization has been disabled.'),
    ],
    ['refused', 'unknown model', 404, anthropic('not_found_error', 'model: claude-x')],
    ['refused', 'forbidden', 403, anthropic('permission_error', 'No permission')],
    [
      'program',
      'context length',
      400,
      anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
    ],
    [
      'program',
      'content filter',
      400,
      anthropic('invalid_request_error', 'Output blocked by content filtering policy'),
    ],
    ['program', 'request too large', 413, anthropic('request_too_large', 'Request exceeds the maximum size')],
  ],
  google: [
    ['transient', 'limit per minute', 429, google(429, 'RESOURCE_EXHAUSTED', googleQuota, [retryInfo])],
    ['transient', 'overload', 503, google(503, 'UNAVAILABLE', 'The model is overloaded.')],
    ['transient', 'internal error', 500, google(500, 'INTERNAL', 'An internal error has occurred.')],
    ['transient', 'HTML page', 200, html, page],
    ['transient', 'empty body', 200, ''],
    ['transient', 'cut-off JSON', 200, '{"candidates":[{"con'],
    ['transient', 'no candidates', 200, { candidates: [] }],
    ['transient', 'error in status 200', 200, { error: { code: 429 } }],
    ['refused', 'limit per day', 429, google(429, 'RESOURCE_EXHAUSTED', googleQuota, [perDay, retryInfo])],
    [
      'refused',
      'invalid key with status 400',
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        reason('API_KEY_INVALID'),
      ]),
    ],
    [
      'refused',
      'expired key with status 400',
      400,
      google(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.'),
    ],
    [
      'refused',
      'location with status 400',
      400,
      google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
    ],
    ['refused', 'disabled service', 403, google(403, 'PERMISSION_DENIED', 'Disabled')],
    ['refused', 'invalid token', 401, google(401, 'UNAUTHENTICATED', 'Invalid credentials')],
    [
      'refused',
      'unknown model',
      404,
      google(404, 'NOT_FOUND', 'models/gemini-x is not found for API version v1beta'),
    ],
    [
      'program',
      'context length',
      400,
      google(400, 'INVALID_ARGUMENT', 'The input token count exceeds the maximum number of tokens allowed'),
    ],
    ['program', 'blocked prompt', 200, { promptFeedback: { blockReason: 'SAFETY' } }],
  ],
  mistral: [
    ['transient', 'rate limit', 429, { message: 'Requests rate limit exceeded' }],
    ['transient', 'overload', 503, mistral('Service unavailable', 'service_unavailable', '3700')],
    ['transient', 'HTML page', 200, html, page],
    ['transient', 'no choices', 200, { id: '1', object: 'chat.completion' }],
    ['transient', 'error in status 200', 200, { error: { code: 429 } }],
    ['refused', 'invalid key', 401, { message: 'Unauthorized', request_id: '1' }],
    ['refused', 'unknown model with status 400', 400, mistral('Invalid model: m', 'invalid_model', '1500')],
    [
      'program',
      'context length',
      400,
      mistral('Prompt contains 40000 tokens, too large for model with 32768', 'invalid_request', '3051'),
    ],
  ],
  ollama: [
    ['transient', 'overload', 503, { error: 'server busy, please try again' }],
    ['transient', 'rate limit', 429, { error: 'too many requests' }],
    ['transient', 'HTML page', 200, html, page],
    ['transient', 'empty body', 200, ''],
    ['transient', 'cut-off JSON', 200, '{"message":{"content":"Hel'],
    ['transient', 'no message', 200, {}],
    ['transient', 'error in status 200', 200, { error: { code: 429 } }],
    ['refused', 'unknown model', 404, { error: "model 'm' not found" }],
    ['refused', 'unauthorized', 401, { error: 'unauthorized' }],
    ['program', 'context length', 400, { error: 'the input length exceeds the context length' }],
  ],
  aws: [
    awsRow('transient', 429, 'ThrottlingException', 'Too many tokens, please wait before trying again.'),
    awsRow('transient', 503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.'),
    awsRow('transient', 500, 'InternalServerException', 'The system encountered an unexpected error.'),
    awsRow('transient', 408, 'ModelTimeoutException', 'Model has timed out.'),
    awsRow('transient', 424, 'ModelErrorException', 'The model encountered an error.'),
    ['transient', 'HTML page', 200, html, page],
    ['transient', 'cut-off JSON', 200, '{"output":{"mess'],
    ['transient', 'empty body', 200, ''],
    ['transient', 'no output', 200, {}],
    awsRow('refused', 403, 'AccessDeniedException', "You don't have access to the model."),
    awsRow('refused', 403, 'ExpiredTokenException', 'The security token is expired.'),
    awsRow('refused', 403, 'UnrecognizedClientException', 'The security token is invalid.'),
    awsRow('refused', 404, 'ResourceNotFoundException', 'Could not resolve the model.'),
    awsRow('refused', 400, 'ValidationException', 'The provided model identifier is invalid.'),
    awsRow('program', 400, 'ValidationException', 'Input is too long for requested model.'),
  ],
};

/** For every framework: what the clients of these providers make of each failure has to be classified as its kind. */
export const providerFailures: readonly ProviderFailure[] = Object.entries(rows).flatMap(([provider, list]) =>
  list.map(([kind, name, status, body, headers]) => ({
    provider: provider as Provider,
    name,
    kind,
    response: {
      status,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers,
    },
  })),
);
