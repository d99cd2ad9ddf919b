import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAnswer } from '../../packages/gepa-core/src/reflection/answer/read-answer.ts';
import { checkText } from '../../packages/gepa-core/src/text/check-text.ts';
import { type Case, cases, promptOf } from './cases.ts';

/**
 * Sends the recorded reflections to a real model and checks its texts. Any OpenAI-compatible endpoint will do:
 *
 *   OPENAI_BASE_URL=https://… OPENAI_API_KEY=… GEPA_REFLECTION_MODEL=… node --conditions=gepa-source rubric.ts [folder]
 *
 * Prompts and answers are written to the folder, to be read as well.
 */
const { OPENAI_API_KEY: key, GEPA_REFLECTION_MODEL: model, OPENAI_BASE_URL } = process.env;
if (!key || !model)
  throw new Error('Set OPENAI_API_KEY and GEPA_REFLECTION_MODEL, and OPENAI_BASE_URL if needed.');
const baseUrl = OPENAI_BASE_URL || 'https://api.openai.com/v1';
const [folder = 'reflection-answers'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

/** The words of a run of text that a new text must not take from the inputs. */
const COPIED_WORDS = 10;

console.log(
  '| case | text | readable | valid | demands | copies | length |\n| --- | --- | --- | --- | ---: | ---: | ---: |',
);
for (const recorded of cases) {
  const names = Object.keys(recorded.baseline);
  const prompt = await promptOf(recorded, names);
  const answer = await ask(prompt);
  writeFileSync(join(folder, `${recorded.name}.prompt.md`), prompt);
  writeFileSync(join(folder, `${recorded.name}.answer.md`), answer);
  const asked = names.map((name) => ({ name, currentText: recorded.candidate[name]! }));
  const readings = readAnswer({ text: answer }, asked);
  for (const name of names) {
    const reading = readings.get(name);
    // With several texts, the model may leave some out.
    if (reading === undefined && names.length > 1) continue;
    const text = reading !== undefined && 'text' in reading ? reading.text : undefined;
    console.log(
      `| ${[recorded.name, name, ...(text === undefined ? ['no'] : judged(recorded, name, text))].join(' | ')} |`,
    );
  }
}

/** Whether a text is valid, meets the demands of the feedback and copies no inputs, and how much longer it is. */
function judged({ components, candidate, rollouts }: Case, name: string, text: string): string[] {
  const currentText = candidate[name]!;
  const fault = checkText({ name, component: components[name]!, text, currentText });
  const demands = new Set(rollouts.flatMap(({ feedback = '' }) => feedback.split('\n')).filter(isRule));
  const met = [...demands].filter((demand) => shareOf(wordsOf(demand), new Set(wordsOf(text))) >= 0.7);
  const known = runsOf(currentText);
  const inputs = new Set(rollouts.flatMap(({ example }) => [...runsOf(JSON.stringify(example))]));
  const copied = [...runsOf(text)].filter((run) => inputs.has(run) && !known.has(run));
  return [
    'yes',
    fault === undefined ? 'yes' : fault.problem,
    `${met.length} of ${demands.size}`,
    String(copied.length),
    `${currentText.length} → ${text.length}`,
  ];
}

/** Lines of feedback that state a rule, in the recorded cases. */
function isRule(line: string): boolean {
  return line.startsWith('House rule: ');
}

function wordsOf(text: string): string[] {
  const words =
    text
      .replace('House rule: ', '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => word.length > 3);
}

function shareOf(words: readonly string[], found: ReadonlySet<string>): number {
  return words.filter((word) => found.has(word)).length / Math.max(1, words.length);
}

/** Every run of ten words. */
function runsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words.slice(COPIED_WORDS - 1).map((_, index) => words.slice(index, index + COPIED_WORDS).join(' ')),
  );
}

async function ask(prompt: string): Promise<string> {
  const response = await fetch(`${baseUrl.replace(/\/$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }] }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${(await response.text()).slice(0, 500)}`);
  const { choices } = (await response.json()) as { choices: { message: { content: string | null } }[] };
  return choices[0]?.message.content ?? '';
}
