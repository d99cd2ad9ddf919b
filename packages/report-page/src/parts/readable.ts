/** JSON data as readable text: line breaks in texts stay line breaks, and nesting becomes indentation. */
export function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  return linesOf(value, '').join('\n');
}

function linesOf(value: unknown, indent: string): string[] {
  if (typeof value === 'string') return value.split('\n').map((line) => indent + line);
  if (value === null || typeof value !== 'object') return [indent + String(value)];
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}(empty list)`];
    return value.flatMap((item) => {
      const [first = '', ...rest] = linesOf(item, `${indent}  `);
      return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
    });
  }
  const fields = Object.entries(value);
  if (fields.length === 0) return [`${indent}(empty object)`];
  return fields.flatMap(([name, field]) => {
    const isShort = field === null || typeof field !== 'object' || Object.keys(field).length === 0;
    if (!isShort || (typeof field === 'string' && field.includes('\n'))) {
      return [`${indent}${name}:`, ...linesOf(field, `${indent}  `)];
    }
    return [`${indent}${name}: ${linesOf(field, '')[0]}`];
  });
}
