import type { ChatReply } from './chat.ts';

/** How a model server fails, and the kind of failure that `failureKind` of gepa-core must see in the client's error. */
export interface FailureCase {
  readonly name: string;
  readonly reply: ChatReply;
  readonly kind: 'transient' | 'refused' | 'program';
}

const answered = (kind: FailureCase['kind'], status: number, code?: string): FailureCase => ({
  name: code === undefined ? `status ${status}` : `status ${status} (${code})`,
  reply: { status, error: 'no', code },
  kind,
});

/** For every framework: the errors of its model clients must be classified alike. */
export const failureCases: readonly FailureCase[] = [
  answered('transient', 429),
  answered('transient', 429, 'rate_limit_exceeded'),
  answered('transient', 500),
  answered('transient', 503),
  { name: 'a dropped connection', reply: { connection: 'drops' }, kind: 'transient' },
  answered('refused', 429, 'insufficient_quota'),
  answered('refused', 401),
  answered('refused', 402),
  answered('refused', 403),
  answered('refused', 404),
  answered('program', 400),
  answered('program', 400, 'context_length_exceeded'),
];
