import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fenced, trimBlankLines } from './fence.ts';
import { readAnswer } from './read-answer.ts';

const read = (text: string, finishReason?: string) =>
  readAnswer(finishReason === undefined ? { text } : { text, finishReason });

const triage = 'You sort support tickets.\n\nAnswer with one word: billing, bug or other.';

describe('the fenced answer', () => {
  it.each([
    ['a fence of four backticks', `\`\`\`\`\n${triage}\n\`\`\`\``],
    ['three backticks', `\`\`\`\n${triage}\n\`\`\``],
    ['a language tag', `\`\`\`markdown\n${triage}\n\`\`\``],
    ['a language tag after a space', `\`\`\`\` text\n${triage}\n\`\`\`\``],
    ['tildes', `~~~\n${triage}\n~~~`],
    ['tildes with a tag', `~~~~md\n${triage}\n~~~~`],
    ['a comment before', `Sure! Here is the improved prompt:\n\n\`\`\`\`\n${triage}\n\`\`\`\``],
    ['a comment after', `\`\`\`\`\n${triage}\n\`\`\`\`\n\nI added the list of labels. Let me know!`],
    ['comments on both sides', `The feedback says X.\n\`\`\`\n${triage}\n\`\`\`\nThis is shorter.`],
    ['blank lines inside the fence', `\`\`\`\`\n\n  \n${triage}\n\n\`\`\`\`\n`],
    ['trailing spaces on the fences', `\`\`\`\`  \n${triage}\n\`\`\`\`   \n`],
    ['a closing fence longer than the opening one', `\`\`\`\n${triage}\n\`\`\`\`\n`],
    ['an indented block', `1. The text:\n   \`\`\`\n   ${triage.replaceAll('\n', '\n   ')}\n   \`\`\``],
    ['text on the line of the opening fence', `\`\`\`\`${triage}\n\`\`\`\``],
    ['the closing fence behind the last word', `\`\`\`\`\n${triage}\`\`\`\``],
    ['the closing fence behind the last word and a comment after', `\`\`\`\n${triage}\`\`\`\nDone.`],
    [
      'a thinking section with a fence in it',
      `<think>\nMaybe:\n\`\`\`\nno\n</think>\n\`\`\`\`\n${triage}\n\`\`\`\``,
    ],
    [
      'a snippet before',
      `The output was \n\`\`\`json\n{"a": 1}\n\`\`\`\nso:\n\n\`\`\`\`\n${triage}\n\`\`\`\``,
    ],
    [
      'a snippet before, with fences of the same length',
      `It said\n\n\`\`\`\nbilling?\n\`\`\`\n\nso here:\n\n\`\`\`\n${triage}\n\`\`\``,
    ],
    ['the fence at the end of a sentence', `Here is the improved prompt: \`\`\`\`\n${triage}\n\`\`\`\``],
    ['the tagged fence at the end of a sentence', `I shortened it: \`\`\`md\n${triage}\n\`\`\`\nOk?`],
    ['a usage example after', `\`\`\`\`\n${triage}\n\`\`\`\`\n\nFor example:\n\n\`\`\`\nTicket: x\n\`\`\``],
    [
      'a usage example after, with fences of the same length',
      `\`\`\`\n${triage}\n\`\`\`\n\nFor example:\n\n\`\`\`\nTicket: x\n\`\`\``,
    ],
    [
      'a longer quotation before',
      `It saw\n\`\`\`\n${'page '.repeat(99)}\n\`\`\`\n\n\`\`\`\`\n${triage}\n\`\`\`\``,
    ],
    ['a cut snippet after', `\`\`\`\`\n${triage}\n\`\`\`\`\nIt gives\n\`\`\`\nbug`],
    [
      'the old text quoted first',
      `The old one:\n\`\`\`\nSort tickets.\n\`\`\`\nImproved prompt:\n\`\`\`\n${triage}\n\`\`\``,
    ],
  ])('readAnswer extracts the text from a fenced answer with %s', (_, answer) => {
    expect(read(answer)).toEqual({ text: triage });
    expect(read(answer.replaceAll('\n', '\r\n'))).toEqual({ text: triage });
    expect(read(answer, 'stop')).toEqual({ text: triage });
  });

  it.each([
    ['a block on one line', '```Sort the ticket.```', 'Sort the ticket.'],
    [
      'a block on one line with a fence of four',
      'Here:\n````Use `label` only.````\nDone',
      'Use `label` only.',
    ],
    ['an indented first line', '````\n    indented\nnot\n````', '    indented\nnot'],
    ['trailing spaces', '````\na  \nb  \n````', 'a  \nb  '],
    ['a code tag right after an introduction', 'Here is the new prompt:\n```xml\n<role/>\n```', '<role/>'],
    ['a code tag and nothing before', '```yaml\nrole: judge\n```\nShorter now.', 'role: judge'],
  ])('readAnswer preserves the content of %s', (_, answer, text) => expect(read(answer)).toEqual({ text }));
});

describe('fences in the text', () => {
  it.each([
    ['three in four', 'Answer so:\n```json\n{"label": "bug"}\n```\nNothing else.', '````', '````'],
    ['bare three in four', 'Answer so:\n```\nLabel:\n```\nNothing else.', '````markdown', '````'],
    ['an unpaired three in four', 'Never write\n```\nat the end.', '````', '````'],
    ['tagged three in three', 'Answer so:\n```json\n{"label": "bug"}\n```\nNothing else.', '```', '```'],
    [
      'tagged three in tagged three',
      'A:\n```json\n1\n```\nB:\n```python\n2\n```\nEnd.',
      '```markdown',
      '```',
    ],
    ['bare pair in three', 'Answer so:\n```\nReason:\nLabel:\n```\nNothing else.', '```', '```'],
    ['bare pair in tagged three', 'Answer so:\n\n```\nLabel:\n```\n\nNothing else.', '```markdown', '```'],
    ['tagged three with blank lines in three', 'A:\n```json\n\n1\n\n```\nEnd.', '```', '```'],
    ['two bare pairs in three', 'A:\n```\n1\n```\nB:\n```\n2\n```\nEnd.', '```', '```'],
    ['bare pair at the end', 'Answer so:\n```\nLabel: <x>\n```', '```', '```'],
    ['bare four in three', 'Answer so:\n````\nLabel:\n````\nNothing else.', '```', '```'],
    ['tildes in backticks', 'Answer so:\n~~~\nLabel\n~~~\nNothing else.', '```', '```'],
    ['backticks in tildes', 'Answer so:\n```\nLabel\n```\nNothing else.', '~~~', '~~~'],
    ['inline spans', 'Wrap it in ```json and ``` marks, as in ```x```.\nThen stop.', '````', '````'],
    ['a whole line of inline span', 'Say\n```done```\nand stop.', '```', '```'],
    ['four in five', 'Answer so:\n````\n```\nx\n```\n````\nEnd.', '`````', '`````'],
  ])('readAnswer keeps nested fences: %s', (_, text, opening, closing) => {
    expect(read(`${opening}\n${text}\n${closing}`)).toEqual({ text });
    expect(read(`I changed two things.\n\n${opening}\n${text}\n${closing}\n\nHope it helps!`)).toEqual({
      text,
    });
  });

  it('readAnswer extracts any text with blocks of code from a fence that is no longer than theirs', () => {
    const prose = fc.constantFrom('Answer so:', 'Be brief.', '', '- one');
    const code = fc.constantFrom('{"a": 1}', 'Label: <x>\n\nReason:', 'Reason:\nLabel:', '# x');
    const example = fc
      .tuple(fc.constantFrom('', 'json', 'python'), code)
      .map(([tag, code]) => `\`\`\`${tag}\n${code}\n\`\`\``);
    const text = fc
      .array(fc.tuple(prose, fc.oneof(example, prose)), { minLength: 1, maxLength: 6 })
      .map((parts) => trimBlankLines(`Sort tickets.\n${parts.flat().join('\n')}\nEnd.`));
    fc.assert(
      fc.property(text, fc.constantFrom('```', '```markdown'), (text, fence) => {
        expect(read(`Here is the new prompt:\n${fence}\n${text}\n\`\`\`\nIt is shorter.`)).toEqual({ text });
      }),
      { numRuns: 500 },
    );
  });

  it('readAnswer extracts any text exactly from the fence that the prompt asks for, with comments around it', () => {
    const line = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '```',
        '````',
        '```json',
        '~~~',
        '~~~~~',
        '  ```',
        '`````',
        '',
        '---',
        'Here is:',
        '</think>',
        '{x}',
      ),
    );
    const text = fc
      .array(
        line.map((s) => s.replaceAll(/[\r\n]/g, '')),
        { minLength: 1, maxLength: 12 },
      )
      .map((lines) => trimBlankLines(lines.join('\n')))
      .filter((s) => s !== '');
    const comment = fc
      .array(
        fc.constantFrom(
          '',
          'Here is the improved prompt:',
          'The `label` was wrong.',
          '- because of x',
          '# Result',
          '---',
        ),
      )
      .map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, comment, comment, fc.constantFrom('\n', '\n\n'), (text, before, after, gap) => {
        expect(read(`${before}${gap}${fenced(text, 4)}${gap}${after}`, 'stop')).toEqual({ text });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('an answer without a fence', () => {
  it.each([
    ['no introduction', triage],
    ['blank lines around it', `\n\n${triage}\n\n`],
    ['an introduction', `Here is the improved prompt:\n\n${triage}`],
    ['a bold introduction', `**Improved Prompt:**\n\n${triage}`],
    ['a heading as introduction', `# New instructions\n${triage}`],
    ['two introductions', `Sure!\n\nHere's the revised version of the prompt:\n${triage}`],
    [
      'a long introduction',
      `Based on the feedback, here is a complete new text that keeps the labels:\n\n${triage}`,
    ],
    ['a polite introduction', `Certainly! Below is the updated instruction:\n${triage}`],
  ])('readAnswer extracts the text from an unfenced answer with %s', (_, answer) => {
    expect(read(answer)).toEqual({ text: triage });
    expect(read(answer, 'end_turn')).toEqual({ text: triage });
  });

  it.each([
    'Here are the rules:\n- be brief\n- be kind',
    'Great care is needed.\nAnswer briefly.',
    'Given a question, answer it:\n{question}',
    'The following text is a review:\n{review}',
    'Certain tickets are bugs: mark them.',
    'Answer in JSON:\n\n```json\n{"label": "bug"}\n```\n\nNothing else.',
    'Be brief.\nAnswer as: ```json\n{"label": "bug"}\n```\nNothing else.',
    'Wrap the label in ```json and ``` fences.',
    'Sort tickets.\n\n**Example**:\n```\nTicket: x\nLabel: bug\n```\nDone.',
    'Give a complete answer',
    '  indented first line\nsecond',
  ])('readAnswer returns the whole unfenced answer %j', (text) => expect(read(text)).toEqual({ text }));
});

describe('a cut-off answer', () => {
  it.each([
    ['an unclosed fence', `Here it is:\n\`\`\`\`\n${triage}`, undefined],
    ['an unclosed fence, though the model says it stopped', `\`\`\`\n${triage}`, 'stop'],
    ['a nested fence closed, the outer not', '```\nAnswer so:\n```json\n{}\n```\nand', 'stop'],
    ['an opening fence at the very end', 'Here it is:\n````', undefined],
    [
      'a closed block followed by an unclosed one',
      '```\nSort.\n```\n\nBetter still:\n\n```\nSort the',
      undefined,
    ],
    ['unclosed tildes', `~~~\n${triage}`, undefined],
    ['a finish reason', triage, 'length'],
    ['a finish reason, though the fence is closed', `\`\`\`\`\n${triage}\n\`\`\`\``, 'max_tokens'],
    ['a finish reason and an empty answer', '', 'MAX_TOKENS'],
    ['a full context window', triage, 'model_context_window_exceeded'],
    ['an unclosed thinking section', '<think>\nLet me see. ```\nx\n```', undefined],
  ])('readAnswer reports an answer as cut off on %s', (_, answer, finishReason) => {
    expect(read(answer, finishReason)).toMatchObject({ problem: 'cut_off' });
  });

  it('the message of a cut-off answer names the finish reason or the unclosed fence', () => {
    expect(read('x', 'length')).toHaveProperty('message', expect.stringContaining('"length"'));
    expect(read('```\nx')).toHaveProperty('message', expect.stringContaining('fence'));
  });
});

it('readAnswer refuses an answer of more than 400,000 characters', () => {
  expect(read('a'.repeat(400_000))).toMatchObject({ text: expect.any(String) });
  expect(read('a'.repeat(400_001))).toMatchObject({
    problem: 'too_long',
    message: expect.stringContaining('400,001'),
  });
});

describe('an empty answer', () => {
  it.each([
    '',
    ' \n\r\n ',
    '````\n````',
    '```\n\n   \n```',
    'Here is the improved prompt:',
    '<think>hm</think>',
  ])('readAnswer reports the answer %j as empty', (answer) =>
    expect(read(answer)).toMatchObject({ problem: 'empty' }),
  );
});

it('readAnswer never throws and never returns a blank text', () => {
  const piece = fc.oneof(
    fc.constantFrom('```', '````', '~~~', '```json', '\n', '\r\n', ' ', 'word', 'Here is:', '<think>'),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (answer) => {
        const reading = read(answer);
        if ('text' in reading) expect(reading.text.trim()).not.toBe('');
        else expect(['cut_off', 'empty']).toContain(reading.problem);
      },
    ),
  );
});
