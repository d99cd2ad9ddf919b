/** Masks confidential parts of a text. Called with every text before it is written to disk. */
export type Redact = (text: string) => string;

/** Plain data with every string masked; field names are kept. */
export function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return maskedText(value, redact);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redacted(item, redact)]));
}

/** API keys in the formats of common providers, and any value after `Bearer` or `api key:`. */
const keys =
  /\b(?:sk|rk|pk|gsk|xai|csk|hf|r8|pplx|lsv2_\w+)[-_][\w-]{8,}|\bAIza[\w-]{20,}|(?<=\bBearer\s+)[\w.~+/=-]{8,}|(?<=\bapi[-_ ]?key(?: provided)?['"]?\s*[:=]\s*['"]?)[\w.~+/-]{8,}/gi;

/** Masks API keys, which some providers repeat in their error messages. */
export const withoutKeys: Redact = (text) => text.replace(keys, '[key]');

/** A function that masks API keys and then applies `redact`. If `redact` fails, a placeholder replaces the message. */
export function messageMask(redact: Redact = (text) => text): Redact {
  return (message) => {
    try {
      return maskedText(withoutKeys(message), redact);
    } catch (error) {
      // The message of this error may contain the text to mask.
      return `[redact failed with a ${(error as Error | undefined)?.name}, so a message is left out]`;
    }
  };
}

function maskedText(text: string, redact: Redact): string {
  const masked: unknown = redact(text);
  if (typeof masked !== 'string')
    throw new TypeError(`redact returned ${typeof masked} instead of a string.`);
  return masked;
}
