/**
 * Fields with the right answer, whatever their case and separators: `Answer`, `ground_truth`, `expectedOutput`. `weak`
 * ones are inputs of some programs.
 */
const weak = /^(answers?|label|outputs?|target|reference|solution)$/;
const strong =
  /^(expected|gold(en|label|answer|standard)?|(ground)?truth|answerkey|(expected|correct|right|true|reference|target)(answer|label|output|value|response|result)s?)$/;

function isAnswerField(name: string): boolean {
  return weak.test(plainName(name)) || strong.test(plainName(name));
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** The input of an example: its `input`, or all fields except those with the right answer. */
export function inputOf(example: unknown): unknown {
  if (!isFields(example)) return example;
  if ('input' in example) return example.input;
  const { expected: _, ...rest } = example;
  const shown = Object.entries(rest).filter(([name]) => !isAnswerField(name));
  // An example of nothing else has its input there.
  return shown.every(([name]) => name === 'id') ? rest : Object.fromEntries(shown);
}

/** The right answer of an example: `expected`, or the fields that `inputOf` leaves out. */
export function expectedOf(example: unknown): unknown {
  if (!isFields(example)) return undefined;
  const { expected, ...fields } = example;
  if (expected !== undefined) return expected;
  const names = Object.keys(fields).filter(isAnswerField);
  // An example of nothing else has its input there.
  const isInput = Object.keys(fields).every((name) => name === 'id' || names.includes(name));
  if (names.length === 0 || isInput) return undefined;
  return names.length === 1
    ? fields[names[0]!]
    : Object.fromEntries(names.map((name) => [name, fields[name]]));
}

/** The field of an input, or one level below, that seems to be the right answer: `meta.gold`. */
export function answerInInput(example: unknown): string | undefined {
  const input = inputOf(example);
  if (!isFields(input)) return undefined;
  const isKnown = expectedOf(example) !== undefined;
  const answerIn = (fields: object) =>
    Object.keys(fields).find((name) => (isKnown ? strong.test(plainName(name)) : isAnswerField(name)));
  // A single field must be the input, not an answer.
  const own = Object.keys(input).length > 1 ? answerIn(input) : undefined;
  if (own !== undefined) return own;
  for (const [name, field] of Object.entries(input)) {
    const inner = isFields(field) ? answerIn(field) : undefined;
    if (inner !== undefined) return `${name}.${inner}`;
  }
  return undefined;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
