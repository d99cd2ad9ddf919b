import { type Plain, toPlain } from '../text/plain.ts';

/** Masks confidential parts of a text. Called with every text before it is written to disk. */
export type Redact = (text: string) => string;

/** Masks the texts of a run before they reach the journal, events, or a reflection model or proposer. */
export interface Mask {
  /**
   * Masks every text in a value, which is first converted to plain data. Field names are masked only where they contain
   * a secret.
   *
   * @throws what `redact` throws.
   */
  readonly data: (value: unknown) => Plain | undefined;
  /** Masks a message; if `redact` fails, a placeholder replaces it. */
  readonly message: (message: string) => string;
  /**
   * Masks only the given secrets. For names that must stay recognizable, such as ids of examples and names of objectives:
   * an id may look like a key (`pk_1042_customers`).
   */
  readonly name: (name: string) => string;
}

/**
 * Masks the given secrets wherever they occur, API keys in the formats of common providers, and then what `redact`
 * masks.
 */
export function createMask({
  secrets = [],
  redact = (text) => text,
}: {
  readonly secrets?: readonly string[];
  readonly redact?: Redact;
}): Mask {
  const literals = [...new Set(secrets.flatMap(spellings))]
    .sort((a, b) => b.length - a.length)
    .map(patternOf);
  const withoutLiterals = (text: string) =>
    literals.reduce((masked, secret) => masked.replaceAll(secret, placeholder), text);
  const withoutSecrets = (text: string) => withoutKeys(withoutLiterals(text));
  const maskText = (text: string) => maskedText(withoutSecrets(text), redact);
  const maskPlain = (value: Plain): Plain => {
    if (typeof value === 'string') return maskText(value);
    if (typeof value !== 'object' || value === null) return value;
    if (isList(value)) return value.map(maskPlain);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [withoutSecrets(name), maskPlain(item)]),
    );
  };
  return {
    data(value) {
      const plain = toPlain(value);
      return plain === undefined ? undefined : maskPlain(plain);
    },
    message(message) {
      try {
        return maskText(message);
      } catch (error) {
        // The message of this error may contain the text to mask.
        return `[redact failed with a ${(error as Error | undefined)?.name}, so a message is left out]`;
      }
    },
    name: withoutLiterals,
  };
}

const placeholder = '[key]';

/** A secret as it is, in JSON, and in a URL. */
function spellings(secret: string): string[] {
  return secret === '' ? [] : [secret, JSON.stringify(secret).slice(1, -1), encoded(secret)];
}

/** A key that consists of words does not match inside a longer name: the key `local-models` leaves `local-models-7b`. */
function patternOf(secret: string): RegExp {
  const isWords = secret.length < 32 && /^[a-z]+(?:[-_ ][a-z]+)*$/i.test(secret);
  const literal = secret.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(isWords ? `(?<![\\w-])${literal}(?![\\w-])` : literal, 'g');
}

function encoded(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    // An unpaired surrogate cannot be encoded.
    return secret;
  }
}

/**
 * Matches API keys, JSON web tokens, and the values after `Bearer`, `api key:`, `//user:` and `?key=`. `start` is kept.
 * Each alternative scans a character only once or a bounded number of times.
 */
const keys = new RegExp(
  [
    /\bBearer\s+(?<bearer>[\w.~+/=-]{7,}[\w~+/=-])/,
    /\bapi[-_ ]?key(?: provided)?['"]?\s*[:=]\s*['"]?(?<named>[\w.~+/-]{7,}[\w~+/-])/,
    /:\/\/[^\s:@/]{0,100}:(?<password>[^\s@/]{3,200})(?=@)/,
    /[?&](?:api[-_]?key|key|(?:access[-_]?)?token)=(?<query>[\w.~+/%-]{7,}[\w~+/%-])/,
    /\bsk-[\w-]{8,}/,
    /\b(?<prefixed>(?:sk|rk|pk|gsk|xai|csk|hf|r8|pplx|lsv2_\w+|gh[opsu]|github_pat|glpat|xox[abprs])[-_][\w-]{8,})/,
    /\bAIza[\w-]{20,}/,
    /\b(?:AKIA|ASIA)[A-Z\d]{16}\b/,
    /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

/** Masks API keys, which some providers repeat in their error messages. */
export const withoutKeys: Redact = (text) =>
  text.replace(keys, (match, ...rest) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>;
    // A digit distinguishes a key from a name, such as that of the constraint `PK_Customers`.
    if (groups.prefixed !== undefined && !/\d/.test(match)) {
      return match.replaceAll(/\bsk-[\w-]{8,}/gi, placeholder);
    }
    const key = Object.values(groups).find((group) => group !== undefined);
    return key === undefined ? placeholder : match.slice(0, -key.length) + placeholder;
  });

function maskedText(text: string, redact: Redact): string {
  const masked: unknown = redact(text);
  if (typeof masked !== 'string')
    throw new TypeError(`redact returned ${typeof masked} instead of a string.`);
  return masked;
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}
