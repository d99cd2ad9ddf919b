import { it } from 'vitest';
import { failureKind, modelCallError } from '../calls/classify-error.ts';
const e = (status: number | undefined, message: string, extra: object = {}) => Object.assign(new Error(message), status === undefined ? {} : { status }, extra);
const rows: [string, unknown, string][] = [
  ['r', e(400, 'The requested model is not supported.'), 'groq'],
  ['r', e(404, 'No endpoints found for vendor/m.'), 'openrouter'],
  ['r', e(400, 'No endpoints found that support tool use'), 'openrouter'],
  ['t', e(undefined, 'Provider returned error', { error: { code: 502, message: 'Provider returned error' } }), 'openrouter nested'],
  ['r', e(400, 'Your organization must be verified to use the model `gpt-5`. Please go to: https://platform', { code: 'unsupported_value' }), 'openai verify'],
  ['r', e(403, 'Project `p` does not have access to model `gpt-5`', { code: 'model_not_found' }), 'openai access'],
  ['r', e(404, 'The API deployment for this resource does not exist.', { code: 'DeploymentNotFound' }), 'azure'],
  ['r', e(401, 'Access denied due to invalid subscription key or wrong API endpoint.'), 'azure key'],
  ['p', e(400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", { code: 'content_filter' }), 'azure filter'],
  ['t', e(429, 'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version have exceeded token rate limit. Please retry after 26 seconds.'), 'azure 429'],
  ['r', e(429, 'You have exceeded your monthly quota. Upgrade your plan'), 'quota'],
  ['r', e(402, 'This request requires more credits, or fewer max_tokens'), 'openrouter 402'],
  ['t', e(529, 'Overloaded'), 'anthropic 529'], ['t', e(524, 'timeout'), 'cf'], ['t', e(409, 'Conflict: Another request is in progress'), '409'],
  ['t', e(undefined, 'overloaded_error', { error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } }), 'anthropic SSE'],
  ['t', e(undefined, 'Connection error.', { name: 'APIConnectionError', cause: new Error('getaddrinfo EAI_AGAIN') }), 'conn'],
  ['t', e(undefined, 'Request timed out.', { name: 'APIConnectionTimeoutError' }), 'to'],
  ['t', e(undefined, 'read ECONNRESET', { code: 'ECONNRESET' }), ''], ['t', e(undefined, 'certificate has expired', { code: 'CERT_HAS_EXPIRED' }), 'tls expired'],
  ['t', e(undefined, 'unable to verify the first certificate', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }), 'tls'],
  ['t', e(undefined, 'self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'tls proxy'],
  ['t', e(undefined, 'write EPROTO ssl3_get_record:wrong version number', { code: 'EPROTO' }), 'tls proto'], ['t', e(undefined, 'x', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }), 'ssl'],
  ['t', e(undefined, 'other side closed', { code: 'UND_ERR_SOCKET' }), ''], ['t', e(undefined, 'x', { code: 'UND_ERR_RESPONSE_STATUS_CODE' , status: 503}), ''],
  ['t', e(undefined, 'Headers Timeout Error', { code: 'UND_ERR_HEADERS_TIMEOUT' }), ''], ['t', e(undefined, 'x', { code: 'UND_ERR_DESTROYED' }), 'destroyed'], ['t', e(undefined, 'x', { code: 'UND_ERR_PRX_TLS' }), 'proxy'],
  ['t', e(undefined, 'x', { code: 'HPE_INVALID_CONSTANT' }), 'http parse'], ['t', e(undefined, 'Premature close', { code: 'ERR_STREAM_PREMATURE_CLOSE' }), 'premature'],
  ['t', e(undefined, 'x', { code: 'EMFILE' }), 'too many files'], ['t', e(undefined, 'x', { code: 'ENOBUFS' }), ''], ['t', e(undefined, 'x', { code: 'EADDRNOTAVAIL' }), 'ports exhausted'], ['t', e(undefined, 'x', { code: 'ENETDOWN' }), ''], ['t', e(undefined, 'x', { code: 'EHOSTDOWN' }), ''], ['t', e(undefined,'x',{code:'ERR_INVALID_URL'}),'invalid url -> refused?'],
  ['t', e(407, 'Proxy Authentication Required'), 'proxy auth'], ['r', e(451, 'Unavailable For Legal Reasons'), 'legal'],
  ['t', e(undefined, 'fetch failed', { name: 'TypeError', cause: e(undefined, 'connect ETIMEDOUT', { code: 'ETIMEDOUT' }) }), ''],
  ['r', e(400, 'API key not valid. Please pass a valid API key.'), ''], ['r', e(400, 'The provided API key is invalid'), ''], ['r', e(401, 'x'), ''],
  ['r', e(400, 'Your account is past due. Please update your payment method'), 'past due'], ['r', e(400, 'You have reached your specified API usage limits. You will regain access on 2026-01-01 at 00:00 UTC.'), 'anthropic usage limits'],
  ['r', e(429, 'Number of request tokens has exceeded your daily rate limit'), 'daily limit'], ['r', e(429, 'Rate limit reached for model in organization on tokens per day (TPD): Limit 100000, Used 99999. Please try again in 7m12s.', { code: 'rate_limit_exceeded' }), 'groq TPD 7m'],
  ['t', e(400, 'Access to Anthropic models is not allowed from unsupported countries'), 'bedrock countries -> r'], ['r', e(400, 'Operation not allowed', { name: 'ValidationException' }), 'bedrock op'],
  ['r', e(404, 'This model version has reached the end of its life. Please refer to the AWS documentation', { name: 'ResourceNotFoundException' }), 'eol'], ['r', e(403, 'User: arn is not authorized to perform: bedrock:InvokeModel', { name: 'AccessDeniedException' }), ''],
  ['r', e(undefined, 'Could not load credentials from any providers', { name: 'CredentialsProviderError' }), ''], ['r', e(undefined, 'Token is expired. To refresh this SSO session run aws sso login', { name: 'TokenProviderError' }), ''], ['r', e(undefined, 'Could not load the default credentials. Browse to https://cloud.google.com/docs'), 'vertex'], ['r', e(400, 'invalid_grant', { code: '400', error: 'invalid_grant' }), 'google oauth'], ['r', e(undefined, 'Missing credentials. Please pass an `apiKey`, or set the OPENAI_API_KEY environment variable.'), 'openai no key'], ['r', e(undefined, 'Anthropic API key not found'), 'lc anthropic'], ['r', e(undefined, 'OPENAI_API_KEY is missing'), ''],
  ['p', e(400, 'Invalid schema for response_format'), ''], ['p', e(400, "Unsupported value: 'temperature' does not support 0"), ''], ['p', e(undefined, 'Failed to parse. Text: "429 errors".'), ''], ['p', e(undefined, 'Recursion limit of 25 reached', { lc_error_code: 'GRAPH_RECURSION_LIMIT' }), ''], ['p', new TypeError('x is undefined'), ''], ['p', new SyntaxError('Unexpected token'), ''],
];
it('x', () => {
  for (const [want, error, note] of rows) {
    const got = failureKind(error)[0]; const model = modelCallError(error)?.failureKind?.[0] ?? 'p';
    if (got !== want || model !== want) console.log(`want ${want} got ${got} modelCall ${model}`, note, (error as any).status, (error as any).code, (error as Error).message.slice(0, 90));
  }
});
