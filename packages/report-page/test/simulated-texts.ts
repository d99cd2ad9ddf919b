import type { Step } from '../../gepa-core/src/adapter/trace.ts';

export const moods = ['angry', 'polite', 'short', 'rambling', 'formal', 'hurried'];
export const topics = [
  'a refund',
  'a late parcel',
  'a login problem',
  'an invoice',
  'a broken lamp',
  'a cancelled order',
];

export const inputOf = (example: number) => ({
  ticket: `A ${moods[example % moods.length]} customer writes about ${topics[(example * 5) % topics.length]} (number ${example}): please help me soon, I have waited for ${1 + (example % 9)} days and nobody answers.`,
});

export function traceOf(example: number, characters: number): Step[] {
  const filler = 'The house rules put refunds under billing. '
    .repeat(Math.ceil(characters / 43))
    .slice(0, characters);
  return [
    {
      kind: 'chain',
      name: 'triage',
      durationMs: 800,
      children: [
        {
          kind: 'model',
          name: 'classify',
          components: ['classify.system'],
          model: 'simulated-small',
          input: [
            { role: 'system', content: filler },
            { role: 'user', content: inputOf(example).ticket },
          ],
          output: '{"category": "billing"}',
          usage: { modelCalls: 1, inputTokens: 210, outputTokens: 12 },
          finishReason: 'stop',
          durationMs: 350,
        },
        {
          kind: 'model',
          name: 'reply',
          components: ['reply.system'],
          output: 'Dear customer, …',
          durationMs: 420,
        },
      ],
    },
  ];
}

export const seedTexts = {
  'classify.system':
    'Sort the ticket into one of the categories billing, delivery, account or other.\n\n{ticket}\n\nAnswer with JSON.',
  'reply.system':
    'Write a short, friendly reply to the customer.\nDo not promise anything.\n\nSign with "The support team".',
};

const advice = [
  'Refunds and invoices are billing, even where the customer is angry.',
  'Write only the JSON object, with no words before it.',
  'A late parcel is delivery; a lost one too.',
  'Where two categories fit, take the one that the customer asks about last.',
  'Name the number of the order, if there is one.',
  'Never use exclamation marks.',
];

export function rewritten(text: string, number: number): string {
  const lines = text.split('\n');
  const line = `- ${advice[number % advice.length]}`;
  if (number % 3 === 0) return [...lines.slice(0, 1), line, ...lines.slice(1)].join('\n');
  if (number % 3 === 1)
    return text
      .replace('short, friendly', 'friendly and precise')
      .replace('Sort the', 'Read and sort the')
      .concat(`\n${line}`);
  return `${text}\n${line}`;
}
