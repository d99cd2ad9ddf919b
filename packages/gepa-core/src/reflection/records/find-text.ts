/** A component's text within a longer text, with the values of its placeholders. */
export interface FoundText {
  readonly start: number;
  readonly end: number;
  readonly values: Readonly<Record<string, string>>;
}

/** A text with fewer fixed characters may occur anywhere by chance, and its repetition costs little. */
const MIN_FIXED_CHARACTERS = 40;

/** Finds a component's text, filled in or not, in what was sent to a model. Scans each character once. */
export function findText(
  text: string,
  variables: readonly string[] | undefined,
  sent: string,
): FoundText | undefined {
  const pieces = splitAtVariables(text.trim(), variables ?? []);
  const fixed = pieces.reduce((sum, { literal }) => sum + literal.trim().length, 0);
  if (fixed < MIN_FIXED_CHARACTERS || fixed > sent.length) return undefined;
  const values: Record<string, string> = {};
  let start = 0;
  let end = 0;
  for (const [index, { variable, literal }] of pieces.entries()) {
    const isLast = index === pieces.length - 1;
    const position =
      literal === '' && isLast && variable !== undefined ? sent.length : sent.indexOf(literal, end);
    if (position < 0) return undefined;
    if (variable !== undefined) values[variable] = sent.slice(end, position);
    else start = position;
    end = position + literal.length;
  }
  return { start, end, values };
}

/** The literals of a text, each with the variable before it; the first has none if the text begins with a literal. */
function splitAtVariables(text: string, variables: readonly string[]) {
  const pieces: { readonly variable?: string; readonly literal: string }[] = [];
  const parts = variables.length === 0 ? [text] : text.split(patternOf(variables));
  parts.forEach((part, index) => {
    if (index % 2 === 1) return;
    if (index === 0) {
      if (part !== '') pieces.push({ literal: part });
    } else pieces.push({ variable: parts[index - 1]!, literal: part });
  });
  return pieces;
}

function patternOf(variables: readonly string[]): RegExp {
  const names = variables.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`\\{(${names.join('|')})\\}`);
}
