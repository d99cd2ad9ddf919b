/** Shorter JSON is parsed in one step. */
const LONG = 300_000;

const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);

/** Parses JSON. The work on long JSON can pause between its fields and items. */
export function* parsing(json: string): Generator<void, unknown> {
  const first = json[0];
  if (json.length < LONG || (first !== '{' && first !== '[')) return JSON.parse(json);
  const entries: [string, unknown][] = [];
  const items: unknown[] = [];
  for (const part of partsOf(json)) {
    yield;
    if (first === '[') items.push(yield* parsing(part.trim()));
    else {
      const start = part.indexOf('"');
      const end = endOfString(part, start);
      const name = JSON.parse(part.slice(start, end)) as string;
      entries.push([name, yield* parsing(part.slice(part.indexOf(':', end) + 1).trim())]);
    }
    yield;
  }
  return first === '[' ? items : Object.fromEntries(entries);
}

/** The fields of an object, or the items of a list, as JSON. */
function* partsOf(json: string): Generator<string> {
  const structure = /["{}[\],]/g;
  let [depth, start] = [0, 1];
  for (let match = structure.exec(json); match !== null; match = structure.exec(json)) {
    const { 0: mark, index } = match;
    if (mark === '"') structure.lastIndex = endOfString(json, index);
    else if (mark === '{' || mark === '[') depth++;
    else if (mark !== ',') depth--;
    if ((mark === ',' && depth === 1) || depth === 0) {
      if (json.slice(start, index).trim() !== '') yield json.slice(start, index);
      start = index + 1;
    }
  }
}

/** The position after the string that starts at a quote. */
function endOfString(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === backslash) index++;
    else if (code === quote) return index + 1;
  }
  return json.length;
}
