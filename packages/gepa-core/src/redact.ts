/** Masks what must not be written to disk. Called with every text that is about to be. */
export type Redact = (text: string) => string;

/** Plain data with every text in it masked; the names of fields stay. */
export function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return maskedText(value, redact);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redacted(item, redact)]));
}

/** Keys as the usual providers make them, and whatever stands where a key would. */
const keys =
  /\b(?:sk|rk|pk|gsk|xai|csk|hf|r8|pplx|lsv2_\w+)[-_][\w-]{8,}|\bAIza[\w-]{20,}|(?<=\bBearer\s+)[\w.~+/=-]{8,}|(?<=\bapi[-_ ]?key(?: provided)?['"]?\s*[:=]\s*['"]?)[\w.~+/-]{8,}/gi;

/** An error's message without the key that a provider may have repeated in it. */
export const withoutKeys: Redact = (text) => text.replace(keys, '[key]');

/** Masks messages, so that all who are told of something are told what is written down. */
export function messageMask(redact: Redact = (text) => text): Redact {
  return (message) => {
    try {
      return maskedText(withoutKeys(message), redact);
    } catch (error) {
      // Not its message: that may hold what was to be masked.
      return `[redact failed with a ${(error as Error | undefined)?.name}, so a message is left out]`;
    }
  };
}

function maskedText(text: string, redact: Redact): string {
  const masked: unknown = redact(text);
  if (typeof masked !== 'string') throw new TypeError(`It gave ${typeof masked} instead of a text.`);
  return masked;
}
