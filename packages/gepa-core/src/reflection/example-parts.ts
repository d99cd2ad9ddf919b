/** Fields with the right answer, in examples without `input` and `expected`. */
const answerFields = ['answer', 'label', 'output', 'target'] as const;

/** What an example gives to the program: its `input`, or all but the fields with the right answer. */
export function inputOf(example: unknown): unknown {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return example;
  if ('input' in example) return example.input;
  const { expected: _, ...rest } = example as Readonly<Record<string, unknown>>;
  const shown = Object.entries(rest).filter(([name]) => !(answerFields as readonly string[]).includes(name));
  // An example of nothing else has its input there.
  return shown.every(([name]) => name === 'id') ? rest : Object.fromEntries(shown);
}

/** What an example says of the right answer: `expected`, or the fields that `inputOf` leaves out. */
export function expectedOf(example: unknown): unknown {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return undefined;
  const { expected, ...fields } = example as Readonly<Record<string, unknown>>;
  if (expected !== undefined) return expected;
  const names = answerFields.filter((name) => Object.hasOwn(fields, name));
  // An example of nothing else has its input there.
  const isInput = Object.keys(fields).every((name) => name === 'id' || names.some((field) => field === name));
  if (names.length === 0 || isInput) return undefined;
  return names.length === 1
    ? fields[names[0]!]
    : Object.fromEntries(names.map((name) => [name, fields[name]]));
}
