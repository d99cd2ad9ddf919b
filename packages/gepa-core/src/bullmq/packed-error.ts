import type { PromptImage } from '../adapter/prompt-image.ts';
import type { Usage } from '../budget/usage.ts';
import { failureKind, ModelCallError, retryAfterMs } from '../calls/classify-error.ts';
import { GepaError, MetricError, RolloutError, RolloutTimeoutError, RunError } from '../errors.ts';
import type { Mask } from '../masking/mask.ts';
import { type ErrorLink, isObject, linksOf } from '../text/error-links.ts';
import { messageOf } from '../text/error-message.ts';

/** An error as plain data, with everything that classifies it as retried, scored or ending the run. */
export interface PackedError {
  readonly message: string;
  /** Whether the thrown value was not an object. */
  readonly isText?: boolean;
  readonly kind?: keyof typeof classes | 'RolloutError';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause?: PackedError;
  readonly trace?: unknown;
  readonly usage?: Usage;
  readonly unread?: readonly string[];
  readonly images?: readonly PromptImage[];
  readonly isHopeless?: boolean;
}

/** The classes that the engine treats differently from other errors. */
const classes = { MetricError, RunError, RolloutTimeoutError } as const;

/** Where clients of model providers put statuses, codes and reasons. */
const fieldNames = [
  'status',
  'statusCode',
  'status_code',
  'code',
  'type',
  'lc_error_code',
  'reason',
  'Code',
  '__type',
  'finishReason',
  'blockReason',
  'error',
  'data',
  'body',
  'responseBody',
  'errorDetails',
  'details',
  '$metadata',
] as const;
const responseFields = ['status', 'statusCode', 'data'] as const;
/** Longer fields are left out, so that they cannot classify the error. */
const MAX_FIELD = 8_000;

/** Packs what a program or metric threw; texts are masked. */
export function packError(error: unknown, mask: Mask): PackedError {
  const kind = failureKind(error);
  const wait = retryAfterMs(error);
  const packed = packLink(error, mask, 0);
  return {
    ...packed,
    message: mask.message(messageOf(error)),
    fields: {
      ...packed.fields,
      ...(kind === 'program' ? {} : { failureKind: kind }),
      ...(wait === undefined ? {} : { headers: { 'retry-after-ms': String(wait) } }),
    },
  };
}

function packLink(error: unknown, mask: Mask, depth: number): PackedError {
  if (!isObject(error)) return { message: mask.message(messageOf(error)), isText: true, fields: {} };
  const [link] = linksOf(error) as [ErrorLink, ...ErrorLink[]];
  const cause = error.cause ?? error.lastError ?? (Array.isArray(error.errors) ? error.errors[0] : undefined);
  return {
    message: mask.message(typeof error.message === 'string' ? error.message : ''),
    fields: fieldsOf(link, mask),
    cause: cause === undefined || depth >= 8 ? undefined : packLink(cause, mask, depth + 1),
    ...engineErrorOf(error, mask),
  };
}

function engineErrorOf(error: unknown, mask: Mask): Partial<PackedError> {
  if (RolloutError.isInstance(error)) {
    const { trace, usage, unread, images, isHopeless } = error;
    return { kind: 'RolloutError', trace: mask.data(trace), usage, unread, images, isHopeless };
  }
  const names = Object.keys(classes) as (keyof typeof classes)[];
  return { kind: names.find((name) => classes[name].isInstance(error)) };
}

function fieldsOf(
  { fields, name, className, isMarkedRetryable }: ErrorLink,
  mask: Mask,
): PackedError['fields'] {
  const packed: Record<string, unknown> = {
    name: name === '' || name === 'Error' ? className || name : name,
    ...(isMarkedRetryable ? { isRetryable: true } : {}),
    ...(ModelCallError.isInstance(fields) ? { failureKind: fields.failureKind } : {}),
  };
  const add = (
    to: Record<string, unknown>,
    from: Readonly<Record<string, unknown>>,
    names: readonly string[],
  ) => {
    for (const field of names) {
      if (from[field] === undefined || from[field] === null) continue;
      const value = mask.data(from[field]);
      if (JSON.stringify(value ?? '').length <= MAX_FIELD) to[field] = value;
    }
  };
  add(packed, fields as Record<string, unknown>, fieldNames);
  const response = [fields.response, fields.$response].find(isObject);
  if (response !== undefined) {
    const own: Record<string, unknown> = {};
    add(own, response as Record<string, unknown>, responseFields);
    packed.response = own;
  }
  return packed;
}

/** Restores an error with the same class for the engine and the same fields for `classifyError`. */
export function unpackError(packed: PackedError): unknown {
  const { message, isText, kind, fields, cause, trace, usage, unread, images, isHopeless } = packed;
  if (isText) return message;
  const inner = cause === undefined ? undefined : unpackError(cause);
  const options = inner === undefined ? {} : { cause: inner };
  const error =
    kind === 'RolloutError'
      ? new RolloutError<unknown>(message, { cause: inner, trace, usage, unread, images, isHopeless })
      : kind === undefined
        ? new Error(message, options)
        : new classes[kind](message, options);
  const { name, ...rest } = fields;
  return Object.assign(error, rest, GepaError.isInstance(error) ? {} : { name });
}
