/** JSON with sorted keys; `undefined` where the value is not plain data throughout. */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value, new Set());
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

const notPlain = Symbol('not plain data');

function write(value: unknown, ancestors: Set<object>): string {
  if (value === undefined) return 'undefined';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return JSON.stringify(value);
  if (typeof value !== 'object' || ancestors.has(value)) throw notPlain;
  ancestors.add(value);
  let text: string;
  if (Array.isArray(value)) {
    text = `[${value.map((item) => write(item, ancestors)).join(',')}]`;
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw notPlain;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    text = `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item, ancestors)}`).join(',')}}`;
  }
  ancestors.delete(value);
  return text;
}
