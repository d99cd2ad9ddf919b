import type { LanguageModel } from 'gepa-core';
import { chance, pick } from '../simulated-model/chance.ts';

/** Rules against each kind of complaint in the feedback. */
const remedies: readonly { readonly complaint: RegExp; readonly rules: readonly [string, ...string[]] }[] = [
  {
    complaint: /though due later/gi,
    rules: ['take the earliest due', 'prefer orders due within TIME', 'avoid orders longer than TIME'],
  },
  { complaint: /though too late to save/gi, rules: ['avoid orders too late to save', 'take the shortest'] },
  {
    complaint: /though the oven had to change its temperature|on changing temperature/gi,
    rules: ["prefer orders at the oven's temperature"],
  },
];
const times = ['30min', '45min', '1h', '1h 30min', '2h', '3h'] as const;

/**
 * Replaces a language model if there is no API key. It reads only the prompt: it counts the complaints in the records and
 * inserts a rule against one of them, frequent ones more likely, at a random position of the policy. It does not know the
 * days or whether the rule helps. It removes a line that the records report as invalid. The same prompt and seed get the
 * same answer.
 */
export function simulatedReflection(seed = 0): LanguageModel {
  return async ({ prompt }) => {
    const text = prompt.slice(Math.max(0, prompt.indexOf('# The text')));
    const [block = '', fence = '````', policy = ''] = /^(`{3,})\n([\s\S]*?)\n\1$/m.exec(text) ?? [];
    const records = text.slice(text.indexOf(block) + block.length);
    const answer = (lines: readonly string[]) => `${fence}\n${lines.join('\n')}\n${fence}`;

    const lines = policy.split('\n');
    const unreadable = /\bLine (\d+), "/.exec(records);
    if (unreadable !== null) return answer(lines.toSpliced(Number(unreadable[1]) - 1, 1));

    const complaints = remedies.flatMap(({ complaint, rules }) =>
      Array.from(records.matchAll(complaint), () => rules),
    );
    if (complaints.length === 0) return answer(lines);
    const rules = complaints[Math.floor(chance(seed, 'complaint', prompt) * complaints.length)]!;
    const rule = pick(rules, seed, 'rule', prompt).replace('TIME', pick(times, seed, 'time', prompt));
    const others = lines.filter((line) => kind(line) !== kind(rule));
    const place = Math.floor(chance(seed, 'place', prompt) * (others.length + 1));
    return answer(others.toSpliced(place, 0, rule));
  };
}

/** A rule without its numbers, so that a new time replaces the old one. */
function kind(rule: string): string {
  return rule.replaceAll(/\d+/g, '').replaceAll(/(h|min)\b ?/g, '');
}
