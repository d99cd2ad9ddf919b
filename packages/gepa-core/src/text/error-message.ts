import { isUnreachedLink, linksOf } from './error-links.ts';

/** The message of any thrown value. Of a failed connection, with the address. */
export function messageOf(error: unknown): string {
  const message = ownMessageOf(error);
  const unreached = linksOf(error).find((link) => isUnreachedLink(link) && link.message !== '');
  const reason = unreached?.message.split('\n')[0];
  return reason === undefined || message.includes(reason)
    ? message
    : `${message.replace(/\.$/, '')}: ${reason}`;
}

function ownMessageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { readonly message?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  if (error instanceof Error) return String(message || error.name);
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return String(error);
  }
}

/** The first paragraph of the message, as a sentence. */
export function sentence(error: unknown): string {
  const message = messageOf(error).trim();
  const paragraphEnd = message.search(/\n\s*\n/);
  let end = paragraphEnd < 0 ? message.length : paragraphEnd;
  while (end > 0 && '.!?'.includes(message[end - 1]!)) end--;
  return `${message.slice(0, end)}.`;
}
