/** Masks what must not be written to disk. Called with every text that is about to be. */
export type Redact = (text: string) => string;

/** Plain data with every text in it masked; the names of fields stay. */
export function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redacted(item, redact)]));
}
