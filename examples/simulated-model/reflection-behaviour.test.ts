import { describe, expect, it } from 'vitest';
import { rewrite as rewriteAll } from './reflection-behaviour.ts';

const rewrite = (...args: Parameters<typeof rewriteAll>) => rewriteAll(...args)[0]!;

const current = `You shelve things. What is known: {facts}
shelf: one of attic, cellar, kitchen
Answer with JSON: {"shelf": "..."}`;

const prompt = (text: string, feedback: string) =>
  `Improve the text by the feedback.\n\n\`\`\`\`\n${text}\n\`\`\`\`\n\n## Example 1\n\n### Input\n\nGlass goes to the attic.\n\n` +
  `### Feedback\n\n${feedback}\n\n# Your task\n\nAnswer in a block:\n\n\`\`\`\`\nthe new text\n\`\`\`\``;

const rule = 'House rule: Tickets that mention glass go to the cellar.';

describe('the reflection model', () => {
  it('the reflection model adds rules of the feedback about the fields of the text, and keeps the rest', () => {
    const { text, fence } = rewrite(
      prompt(current, `Expected shelf cellar, got attic.\n${rule}`),
      () => false,
    );
    expect(fence).toBe('````');
    expect(text.startsWith(current)).toBe(true);
    expect(text).toMatch(/glass/);
    expect(text).toMatch(/cellar.*glass|glass.*cellar/);
    expect(text).not.toMatch(/Expected|Glass goes to the attic/);
  });

  it('the reflection model adds no rule twice, and no rule about other fields', () => {
    const once = rewrite(prompt(current, rule), () => false).text;
    const twice = rewrite(prompt(once, rule), () => false).text;
    expect(twice.match(/glass/g)).toHaveLength(1);
    const foreign = rewrite(
      prompt(current, 'House rule: Tickets that mention glass get size large.'),
      () => false,
    );
    expect(foreign.text).not.toContain('glass');
  });

  it('the reflection model adds only some of many rules', () => {
    const nouns = ['glass', 'china', 'books', 'lamps', 'letters', 'chairs'];
    const feedback = nouns
      .map((noun) => `House rule: Tickets that mention ${noun} go to the cellar.`)
      .join('\n');
    const { text } = rewrite(prompt(current, feedback), () => false);
    expect(nouns.filter((noun) => text.includes(noun))).toHaveLength(3);
  });

  it('a careless reflection model drops a part of a rule', () => {
    const feedback = 'House rule: Tickets that mention glass or china go to the cellar.';
    const { text } = rewrite(prompt(current, feedback), () => true);
    expect(text).toContain('glass');
    expect(text).not.toContain('china');
  });

  it('the reflection model asks for JSON alone when an answer could not be parsed', () => {
    const { text } = rewrite(prompt(current, 'The program failed: Unexpected token S in JSON'), () => false);
    expect(text).toContain('JSON object alone');
  });

  it('the reflection model adds rules before a placeholder at the end of the text', () => {
    const { text } = rewrite(prompt('Ticket:\n{ticket}', rule), () => false);
    expect(text).toMatch(/glass[\s\S]*Ticket:\n\{ticket\}$/);
  });

  it('the reflection model rewrites those of several texts that the feedback is about', () => {
    const section = (name: string, text: string, feedback: string) =>
      `# The text\n\n"${name}" is a prompt.\n\n\`\`\`\`\n${text}\n\`\`\`\`\n\n# Runs\n\n### Feedback\n\n${feedback}\n\n`;
    const foreign = current.replace('shelf', 'size');
    const texts = rewriteAll(
      `${section('shelves', current, rule)}${section('sizes', foreign, 'All is well.')}# Your task`,
      () => false,
    );
    expect(texts.map(({ name }) => name)).toEqual(['shelves']);
    expect(texts[0]!.text).toMatch(/glass/);
  });
});
