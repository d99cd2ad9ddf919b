import { type BaseChatModelParams, SimpleChatModel } from '@langchain/core/language_models/chat_models';
import type { BaseMessage } from '@langchain/core/messages';

/** The knowledge of the large model: the label that each word suggests. */
const knowledge: Readonly<Record<string, string>> = {
  invoice: 'billing',
  charged: 'billing',
  refund: 'billing',
  password: 'access',
  locked: 'access',
  'two-factor': 'access',
  crash: 'bug',
  freezes: 'bug',
  'error message': 'bug',
};

const labelOf = (mail: string, rules: Readonly<Record<string, string>>) =>
  Object.entries(rules).find(([word]) => mail.toLowerCase().includes(word))?.[1] ?? 'other';

/** A simulated model: a large one uses its knowledge, a small one only the rules in its prompt, as `word: label` lines. */
export class SimulatedModel extends SimpleChatModel {
  readonly #size: 'large' | 'small';
  calls = 0;

  constructor(size: 'large' | 'small', params: BaseChatModelParams = {}) {
    super(params);
    this.#size = size;
  }

  override _llmType() {
    return 'simulated';
  }

  override async _call(messages: BaseMessage[]): Promise<string> {
    this.calls++;
    const [prompt, mail] = messages.map(({ text }) => text);
    return labelOf(mail!, this.#size === 'large' ? knowledge : rulesIn(prompt!));
  }
}

function rulesIn(prompt: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(prompt.matchAll(/^- (.+): (\w+)$/gm), ([, word, label]) => [word!, label!]),
  );
}

/** A simulated large model that is asked for a better prompt: it writes down what it knows of the mails it is shown. */
export async function simulatedReflection({ prompt }: { readonly prompt: string }): Promise<string> {
  const [, text = ''] = /`{3,}\n(.*?)\n`{3,}/s.exec(prompt) ?? [];
  const runs = prompt.slice(prompt.indexOf(text) + text.length).toLowerCase();
  const known = rulesIn(text);
  const seen = Object.entries(knowledge).filter(([word]) => runs.includes(word) && !(word in known));
  return ['````', text, ...seen.map(([word, label]) => `- ${word}: ${label}`), '````'].join('\n');
}
