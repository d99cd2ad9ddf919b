import { describe, expect, it } from 'vitest';
import { buildReflectionPrompt, type ComponentRequest, validateTemplate } from './prompt.ts';

const base: ComponentRequest = {
  name: 'triage',
  component: { text: 'Sort.' },
  currentText: 'Sort the ticket.',
  records: '## Example 1',
};
const promptFor = (component: Partial<ComponentRequest> = {}, template?: string) =>
  buildReflectionPrompt({ components: [{ ...base, ...component }], template });

describe('the default prompt', () => {
  it('the default prompt has the name, kind and description, the text in a fence of four, and the records', () => {
    const prompt = promptFor({
      component: { text: 'Sort.', kind: 'tool-description', description: 'Read by the router.' },
    });
    expect(prompt).toContain('"triage"');
    expect(prompt).toMatch(/call a tool/);
    expect(prompt).toContain('Read by the router.');
    expect(prompt).toContain('\n````\nSort the ticket.\n````\n');
    expect(prompt).toContain('## Example 1');
    expect(prompt).toContain('four backticks');
  });

  it('the default prompt asks for a longer fence when the text contains a fence of four', () => {
    const currentText = 'So:\n````\nx\n````';
    const prompt = promptFor({ currentText });
    expect(prompt).toContain(`\n\`\`\`\`\`\n${currentText}\n\`\`\`\`\`\n`);
    expect(prompt).toContain('a line of 5 backticks');
  });

  it('the default prompt lists the placeholders, forbids them in a template without any, or omits the rule', () => {
    const withVariables = (variables: string[]) => promptFor({ component: { text: 'Sort.', variables } });
    expect(withVariables(['ticket', 'labels'])).toContain('`{ticket}`, `{labels}`');
    expect(withVariables([])).toContain('write no word in braces');
    expect(promptFor()).not.toContain('placeholder');
  });

  it('the default prompt has fewer than 2,000 characters', () =>
    expect(promptFor().length).toBeLessThan(2_000));

  it('the default prompt inserts text and records verbatim', () => {
    const odd = "$& $1 $$ $` $' <curr_param> <side_info>";
    const prompt = promptFor({ currentText: odd, records: odd });
    expect(prompt.split(odd)).toHaveLength(3);
  });
});

describe('a custom template', () => {
  it('a custom template gets the current text and the records at every placeholder', () => {
    const template = 'Text: <curr_param>\nRuns: <side_info>\nAgain: <curr_param>';
    expect(promptFor({}, template)).toBe(
      'Text: Sort the ticket.\nRuns: ## Example 1\nAgain: Sort the ticket.',
    );
  });

  it('a custom template gets text and records verbatim, even if they look like patterns or placeholders', () => {
    const prompt = promptFor(
      { currentText: "$& <side_info> $'", records: '$1 <curr_param>' },
      '[<curr_param>|<side_info>]',
    );
    expect(prompt).toBe("[$& <side_info> $'|$1 <curr_param>]");
  });

  it('validateTemplate requires both placeholders', () => {
    expect(validateTemplate('<curr_param> <side_info>')).toBeUndefined();
    expect(validateTemplate('<curr_param>')).toContain('lacks <side_info>:');
    expect(validateTemplate('<Curr_param> <side_info>')).toContain('lacks <curr_param>:');
    expect(validateTemplate('')).toContain('lacks <curr_param> and <side_info>:');
  });
});
