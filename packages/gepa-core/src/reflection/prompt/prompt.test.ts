import { describe, expect, it } from 'vitest';
import { asksForSeveral, buildReflectionPrompt, type ComponentRequest, validateTemplate } from './prompt.ts';

const base: ComponentRequest = {
  name: 'triage',
  component: { text: 'Sort.' },
  currentText: 'Sort the ticket.',
};
const promptFor = (
  component: Partial<ComponentRequest> = {},
  { template, records = '## Example 1' }: { readonly template?: string; readonly records?: string } = {},
) => buildReflectionPrompt({ components: [{ ...base, ...component }], records, template });

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
    expect(withVariables([])).toContain('a word alone in braces would stay as it is, so write none');
    expect(promptFor()).not.toContain('placeholder');
  });

  it('the default prompt has fewer than 1,500 characters of its own', () =>
    expect(promptFor().length).toBeLessThan(1_500));

  it('the default prompt shows no sample of a text and no placeholder that is not allowed', () => {
    const prompt = promptFor({ component: { text: 'Sort.', variables: [] } });
    expect(prompt.match(/^`{3,}/gm)).toHaveLength(2);
    expect(prompt).not.toMatch(/[{<][a-z]+[}>]/);
  });

  it('the default prompt asks for invented worked examples in the layout of the input', () =>
    expect(promptFor()).toMatch(/worked examples\. Invent them.*exactly as the reader sees an input/));

  it('the default prompt has a section for each part that is given, once, in order', () => {
    const prompt = buildReflectionPrompt({
      components: [{ ...base, guidance: 'GUIDANCE', learned: 'LEARNED', history: 'HISTORY' }],
      calls: 'CALLS',
      records: '## Example 1',
      program: 'PROGRAM',
      scores: 'SCORES',
      background: 'BACKGROUND',
      objective: 'OBJECTIVE',
      readerHint: 'READER',
    });
    expect(prompt.match(/^[A-Z]+$|^## Example 1$/gm)).toEqual([
      ...['BACKGROUND', 'OBJECTIVE', 'GUIDANCE', 'LEARNED', 'HISTORY'],
      ...['PROGRAM', 'CALLS', 'READER', 'SCORES', '## Example 1'],
    ]);
    expect(prompt).toContain('Do not repeat an earlier attempt');
    expect(prompt.match(/^# /gm)).toHaveLength(11);
    expect(promptFor().match(/^# .*/gm)).toEqual(['# The text', '# Runs', '# Your task']);
    expect(promptFor()).not.toContain('earlier attempt');
  });

  it('the default prompt inserts text and records verbatim', () => {
    const odd = "$& $1 $$ $` $' <curr_param> <side_info>";
    const prompt = promptFor({ currentText: odd }, { records: odd });
    expect(prompt.split(odd)).toHaveLength(3);
  });
});

describe('a prompt for several components', () => {
  const several = {
    components: [
      { ...base, component: { text: 'Sort.', variables: ['ticket'] } },
      { ...base, name: 'route to', currentText: 'A\n````\nB', component: { text: 'x', variables: [] } },
    ],
    program: 'PROGRAM',
    records: '## Example 1',
  };

  it('a prompt for several components shows the program and the records once, and each text with its rules', () => {
    const prompt = buildReflectionPrompt(several);
    expect(prompt.split('PROGRAM')).toHaveLength(2);
    expect(prompt.match(/^# .*/gm)).toEqual([
      ...['# The text "triage"', '# The text "route to"', '# The program', '# Runs', '# Your task'],
    ]);
    expect(prompt).toContain('"triage": The program fills in these placeholders: `{ticket}`');
    expect(prompt).toContain('"route to": The program fills nothing in');
  });

  it('a prompt for several components asks for one block with the name of each changed text, fenced for the longest', () => {
    const prompt = buildReflectionPrompt(several);
    expect(prompt).toContain('Leave the others out');
    expect(prompt).toContain('`````triage or `````route to');
    expect(prompt).toContain('a line of 5 backticks');
  });
});

describe('a custom template', () => {
  it('a custom template gets the current text and the records at every placeholder', () => {
    const template = 'Text: <curr_param>\nRuns: <side_info>\nAgain: <curr_param>';
    expect(promptFor({}, { template })).toBe(
      'Text: Sort the ticket.\nRuns: ## Example 1\nAgain: Sort the ticket.',
    );
  });

  it('a custom template gets text and records verbatim, even if they look like patterns or placeholders', () => {
    const prompt = promptFor(
      { currentText: "$& <side_info> $'" },
      { template: '[<curr_param>|<side_info>]', records: '$1 <curr_param>' },
    );
    expect(prompt).toBe("[$& <side_info> $'|$1 <curr_param>]");
  });

  it('a custom template has a slot for every part, and empty slots stay empty', () => {
    const slots = ['component', 'guidance', 'call', 'learned', 'history', 'program', 'scores', 'background'];
    const template = ['<curr_param><side_info>', ...slots, 'objective', 'reader', 'rules', 'answer']
      .map((slot) => (slot.startsWith('<') ? slot : `${slot}=<${slot}_info>`))
      .join('\n');
    const prompt = buildReflectionPrompt({
      components: [
        {
          ...base,
          component: { text: 'Sort.', variables: ['ticket'] },
          ...{ guidance: 'G', learned: 'L', history: 'H' },
        },
      ],
      template,
      ...{ calls: 'C', program: 'P', scores: 'S', background: 'B', objective: 'O', readerHint: 'R' },
    });
    expect(prompt).toMatch(
      /^component="triage" is .*\nguidance=G\ncall=C\nlearned=L\nhistory=H\nprogram=P\nscores=S\nbackground=B\nobjective=O\nreader=R\nrules=The program fills in .*\nanswer=Answer with one block/m,
    );
    expect(promptFor({}, { template })).not.toContain('undefined');
  });

  it('a custom template without a slot for the rules gets them at its end', () => {
    const component = { text: 'Sort.', variables: ['ticket'] };
    expect(promptFor({ component }, { template: '<curr_param> <side_info>' })).toMatch(
      /^Sort the ticket\. ## Example 1\n\nThe program fills in these placeholders: `\{ticket\}`\..*$/,
    );
  });

  it('a custom template with a slot for the form of the answer shows several texts with their names', () => {
    const template = 'T <curr_param> R <side_info> A <answer_info>';
    const components = [base, { ...base, name: 'route', currentText: 'Route.' }];
    const prompt = buildReflectionPrompt({ components, template });
    expect(prompt).toContain('# "triage"\n\n````\nSort the ticket.\n````\n\n# "route"\n\n````\nRoute.');
    expect(prompt).toContain('````triage or ````route');
    expect([template, undefined, '<curr_param> <side_info>'].map(asksForSeveral)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('validateTemplate requires both placeholders, and no unknown ones', () => {
    expect(validateTemplate('<curr_param> <side_info>')).toBeUndefined();
    expect(validateTemplate('<curr_param>')).toContain('lacks <side_info>:');
    expect(validateTemplate('<Curr_param> <side_info>')).toContain('lacks <curr_param>:');
    expect(validateTemplate('<curr_param> <side_info> <histroy_info>')).toContain(
      'has <histroy_info>, which is no placeholder. Those are <curr_param>, ',
    );
    expect(validateTemplate('<ticket><curr_param></ticket> <side_info>')).toBeUndefined();
    expect(validateTemplate('')).toContain('lacks <curr_param> and <side_info>:');
  });
});
