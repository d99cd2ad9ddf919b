/** Puts a text in a fence of at least `minimum` backticks, longer than any run of backticks in the text. */
export function fenced(text: string, minimum = 3): string {
  const fence = '`'.repeat(fenceLength(text, minimum));
  return `${fence}\n${text}\n${fence}`;
}

/** The number of backticks in the fence of a text. */
export function fenceLength(text: string, minimum = 3): number {
  const runs = text.match(/`+/g) ?? [];
  return runs.reduce((length, run) => Math.max(length, run.length + 1), minimum);
}

/** Removes blank lines at the start and the end of a text. */
export function trimBlankLines(text: string): string {
  const lines = text.split('\n');
  const filled = (line: string) => line.trim() !== '';
  const first = lines.findIndex(filled);
  return first < 0 ? '' : lines.slice(first, lines.findLastIndex(filled) + 1).join('\n');
}
