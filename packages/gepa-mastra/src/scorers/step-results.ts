import { toPlain } from '../trace/plain.ts';

const MAX_CHARACTERS = 400;

/** The copies of the whole output in the results of trajectory scorers. */
const copies = new Set(['rawOutput', 'rawWorkflowResult']);

/** The results of a scorer's steps as text: the feedback of scorers without a reason. Undefined without results. */
export function describeStepResults(result: object): string | undefined {
  const texts = ['preprocess', 'analyze'].flatMap((step) => {
    const found = (result as Readonly<Record<string, unknown>>)[`${step}StepResult`];
    return found === undefined || found === null ? [] : [describe(found)];
  });
  return texts.length === 0 ? undefined : texts.join('; ');
}

/** Short fields first: they are results. Long fields repeat texts that the reflection model sees anyway. */
function describe(found: unknown): string {
  const plain = toPlain(found);
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return shortened(plain);
  return Object.entries(plain)
    .filter(([name]) => !copies.has(name))
    .map(([name, value]) => `${name}: ${shortened(value)}`)
    .sort((a, b) => a.length - b.length)
    .join(', ');
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value, (key, inner) => (copies.has(key) ? undefined : inner)) ?? 'none';
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}
