/** A field of the answer, with the values the instructions allow. */
export interface Field {
  readonly name: string;
  readonly values: readonly string[];
}

const item = /["'`]?[a-z][\w-]*["'`]?/.source;
const separator = /\s*(?:,\s*or\b|,\s*and\b|,|\||\/|\bor\b|\band\b)\s*/.source;
const list = `${item}(?:${separator}${item}){2,}(?=\\s*(?:[.;)\\n"}]|$))`;

/** Reads the fields asked for: the keys of the JSON shown, each with the list of values given for it anywhere. */
export function readFields(instructions: string): Field[] {
  const objects = [...instructions.matchAll(/\{[^{}]*\}/g)].map(([object]) => object);
  // What is to be filled in is open; other JSON tells facts, or is an example where no open one is shown.
  const open = objects.filter((object) =>
    /:\s*(?:"(?:\.\.\.|…|<[^"]*>|[^"]*\|[^"]*)?"|<|\.\.\.|…)/.test(object),
  );
  const shapes = open.length > 0 ? open : objects;
  const keys = new Set(
    shapes.flatMap((shape) => [...shape.matchAll(/"([\w-]+)"\s*:/g)].map(([, key]) => key!)),
  );
  return [...keys].flatMap((name) => {
    const declared = new RegExp(`\\b${nameForms(name)}\\b[^.\\n]{0,40}?(${list})`, 'i').exec(
      instructions,
    )?.[1];
    if (declared === undefined) return [];
    const values = declared
      .split(new RegExp(separator))
      .map((value) => value.replace(/["'`]/g, ''))
      .filter((value) => value !== '');
    return [{ name, values }];
  });
}

/** Reads what is told about the case as JSON, apart from the fields asked for. */
export function readFacts(text: string, fields: readonly Field[]): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const [shape] of text.matchAll(/\{[^{}]*\}/g)) {
    for (const [key, value] of Object.entries(parsed(shape))) {
      if (typeof value === 'string' && !fields.some(({ name }) => name === key)) facts[key] = value;
    }
  }
  return facts;
}

/** Whether a sentence lists the values of a field rather than saying when one of them is right. */
export function isDeclaration(sentence: string, fields: readonly Field[]): boolean {
  const lists = [...sentence.matchAll(new RegExp(list, 'gi'))].map(([found]) => found);
  return fields.some(({ values }) =>
    lists.some(
      (found) => values.filter((value) => new RegExp(`\\b${value}\\b`, 'i').test(found)).length >= 3,
    ),
  );
}

/** A pattern for the singular and the plural of a field's name. */
export function nameForms(name: string): string {
  return name.endsWith('y') ? `${name.slice(0, -1)}(?:y|ies)` : `${name}(?:s|es)?`;
}

function parsed(shape: string): object {
  try {
    const value: unknown = JSON.parse(shape);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
