import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fenced, fenceLength, trimBlankLines } from '../../text/fence.ts';
import { buildReflectionPrompt, ownLines } from '../prompt/prompt.ts';
import { readAnswer } from './read-answer.ts';

const asked = { name: 'triage', currentText: 'Sort tickets.' };
const read = (text: string, finishReason?: string) =>
  readAnswer({ text, finishReason }, [asked]).get('triage')!;

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
        '<think>',
        '</think>',
        '[THINK] a [/THINK]',
        '<|channel|>analysis',
        '<|START_THINKING|>',
        '## Example',
        'Done.',
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
        else expect(['cut_off', 'empty', 'no_text']).toContain(reading.problem);
      },
    ),
  );
});

describe('thinking', () => {
  const block = `\`\`\`\`\n${triage}\n\`\`\`\``;
  const draft = '```\nA draft that must never win, because it is only a draft of the text.\n```';

  it.each([
    ['a closing tag without an opening one', `The labels are missing.\n${draft}\nBetter:</think>\n${block}`],
    ['a draft in an unclosed fence', `Maybe:\n\`\`\`\`\nno\n</think>\n${block}`],
    ['an opened section with an unclosed fence', `<think>\n\`\`\`\`\nno</think>\n${block}`],
    ['tags in capitals', `<THINK>\n${draft}\n</THINK>\n${block}`],
    ['<thought>', `<thought>\n${draft}\n</thought>\n${block}`],
    ['<reasoning>', `<reasoning>${draft}</reasoning>${block}`],
    ['an empty section', `<think>\n\n</think>\n\n${block}`],
    ['tags of a family in brackets', `[THINK]${draft}[/THINK]${block}`],
    ['tags with a prefix', `<seed:think>${draft}</seed:think><my:thinking>${draft}</my:thinking>${block}`],
    ['tags with triangles', `◁think▷${draft}◁/think▷${block}`],
    [
      'channels',
      `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>${block}<|return|>`,
    ],
    [
      'channels that name a format',
      `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final <|constrain|>text<|message|>${block}`,
    ],
    ['a thought channel', `<|channel>thought\n${draft}\n<channel|>${block}`],
    ['channels without their marks', `analysisWe need labels.\n${draft}\nassistantfinal${block}`],
    ['two sections', `<think>one</think>\ntwo</think>\n${block}`],
    ['marks of a start and an end', `<|START_THINKING|>${draft}<|END_THINKING|>${block}`],
    ['marks of a thought', `<|begin_of_thought|>${draft}<|end_of_thought|>${block}`],
    ['a section after the first words', `Okay.\n<think>\n${draft}\n</think>\n${block}`],
    [
      'a section after the text',
      `${block}\n<think>Or so?\n${fenced('No, a draft of much more text.', 4)}</think>`,
    ],
    ['a section after the first words, with an open fence', `Sure. [THINK]\n\`\`\`\`\nno [/THINK]\n${block}`],
    ['an end mark', `${block}<|im_end|>`],
  ])('readAnswer removes thinking with %s', (_, answer) => expect(read(answer)).toEqual({ text: triage }));

  it('readAnswer removes leaked thinking from an answer without a fence', () =>
    expect(read(`The labels are missing.\n</think>\n\n${triage}`)).toEqual({ text: triage }));

  it.each([
    'Think in <think> tags.\nClose them with </think> and answer.',
    'Never write\n</think>\nin the answer.',
    'Put your thoughts in <reasoning> and </reasoning>.\n</think> is wrong.',
  ])('readAnswer keeps tags of thinking that are part of the text: %j', (text) => {
    expect(read(fenced(text, 4))).toEqual({ text });
    expect(read(`It saw no </think> tag.</think>\n${fenced(text, 4)}\nDone.`)).toEqual({ text });
    expect(read(`<think>\n\`\`\`\`\nHm.</think>\n${fenced(text, 4)}`)).toEqual({ text });
  });

  it('readAnswer keeps balanced tags of thinking in an answer without a fence', () => {
    const text = 'Think in <think> and </think>.\nThen answer with one word.';
    expect(read(text)).toEqual({ text });
  });
});

describe('an answer without the block that the prompt asks for', () => {
  const current = 'Sort the tickets of our shop by what they are about, and answer with one label.';
  const readFor = (text: string, needsBlock: boolean) =>
    readAnswer({ text }, [{ name: 'triage', currentText: current }], { needsBlock }).get('triage')!;

  it('an answer without a block is refused if a block is required, and used otherwise', () => {
    expect(readFor(triage, true)).toEqual({
      problem: 'no_text',
      message: 'The answer has no block of backticks around the text.',
    });
    expect(readFor(triage, false)).toEqual({ text: triage });
    expect(readFor(fenced(triage), true)).toEqual({ text: triage });
  });

  it.each([
    'Done.',
    'Lo siento, no.',
    '申し訳ありません。',
    'I cannot do that, as it would be wrong to do so here.',
  ])('an answer without a block is not a text if it is a remark: %s', (text) =>
    expect(readFor(text, false)).toMatchObject({ problem: 'no_text' }),
  );
});

it('readAnswer refuses a block that repeats the records of the prompt', () => {
  const record = '## Example 2 (score 0.5)\n\n### Input\n\nMy invoice.\n\n### Feedback\n\nWrong.';
  expect(read(fenced(record, 4))).toMatchObject({ problem: 'no_text' });
});

describe('several blocks', () => {
  const old = 'Sort tickets.';

  it('a short text that is introduced wins over a longer draft, and an aside does not', () => {
    const long = 'Sort the tickets by what they are about. '.repeat(20);
    const readFor = (text: string) =>
      readAnswer({ text }, [{ name: 'triage', currentText: long }]).get('triage')!;
    const draft = fenced(`A draft. ${long}`, 4);
    expect(readFor(`${draft}\n\nThe final text:\n\n${fenced(triage, 4)}`)).toEqual({ text: triage });
    expect(readFor(`${draft}\n\nThe model wrote\n${fenced('bug', 4)}`)).not.toEqual({ text: 'bug' });
  });

  it('a text that is not much shorter than the current one wins over a draft of any length', () => {
    const draft = fenced(`A draft. ${'and so on, '.repeat(200)}`, 4);
    expect(read(`${draft}\n\nToo long, so:\n\n${fenced(triage, 4)}`)).toEqual({ text: triage });
  });
  it.each([
    [
      'a draft and the final text',
      `First:\n\n\`\`\`\nSort by label, briefly.\n\`\`\`\n\nFinal:\n\n\`\`\`\n${triage}\n\`\`\``,
    ],
    ['the quoted old text last', `\`\`\`\n${triage}\n\`\`\`\n\nIt was:\n\n\`\`\`\n${old}\n\`\`\``],
    ['the quoted old text above, without blank lines', `Old:\n${fenced(old, 4)}\nNew:\n${fenced(triage, 4)}`],
    ['a draft above, without blank lines', `${fenced('A draft.', 4)}\nBetter:\n${fenced(triage, 4)}`],
    ['the old text in a longer fence', `\`\`\`\`\n${old}\n\`\`\`\`\n\nNew:\n\n\`\`\`\n${triage}\n\`\`\``],
    ['the name of the component on the opening line', `\`\`\`\`triage\n${triage}\n\`\`\`\``],
  ])('readAnswer extracts the new text from an answer with %s', (_, answer) =>
    expect(read(answer)).toEqual({ text: triage }),
  );

  it('readAnswer drops a name with spaces on the opening line', () => {
    const answer = { text: `\`\`\`\`my triage\n${triage}\n\`\`\`\`` };
    expect(readAnswer(answer, [{ name: 'my triage', currentText: old }]).get('my triage')).toEqual({
      text: triage,
    });
  });

  it('readAnswer returns the old text if the answer has no other', () =>
    expect(read(`\`\`\`\n${old}\n\`\`\``)).toEqual({ text: old }));
});

describe('an answer that is no text', () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    'I cannot rewrite this prompt.',
    'As an AI language model, I have no access to the program.',
    'Could you provide the text that you want me to improve?',
    'Here is what I found: the labels are missing.\n\nWould you like me to rewrite the prompt?',
    'Thank you for the records.',
    "I've added the labels and removed the second sentence.",
    'The feedback says that the label was missing, so the text should list the labels.',
    'We need to improve the prompt. The feedback says billing.',
    'No changes are needed.',
    'The complete new text',
    '````\nthe complete new text\n````',
    '```\n[Your improved prompt here]\n```',
    '````\n<new text>\n````',
    'Your improved prompt goes here...',
    '````\n...\n````',
    `${triage}\n\nHope this helps!`,
  ])('readAnswer reports that %j is no text', (answer) =>
    expect(read(answer)).toMatchObject({ problem: 'no_text' }),
  );

  it.each([
    'New text',
    'Improved prompt.',
    'I will give you a ticket. Answer with its label.',
    'I want you to act as a triage clerk.',
    "Let's think step by step.",
    'Please provide a label for the ticket.',
    'You are given a ticket. Which label does it have?',
    'The ticket is a bug, a bill or other: answer with one word.',
    'Thankful customers get the label other.',
  ])('readAnswer accepts the unfenced text %j', (text) => expect(read(text)).toEqual({ text }));

  const request = {
    components: [{ ...asked, component: { text: 'Sort tickets.' } }],
    records: '## Example 1\n\nx',
  };
  const prompt = buildReflectionPrompt(request);
  const readEcho = (text: string) =>
    readAnswer({ text }, [asked], { ownLines: ownLines(request) }).get('triage')!;

  it.each([
    ['the prompt', prompt],
    ['the end of the prompt', prompt.slice(prompt.indexOf('# Your task'))],
    ['the prompt in a fence', fenced(prompt, 4)],
    [
      'a sentence of the prompt',
      '````\nKeep what works: the text must still do well where it did well here.\n````',
    ],
    ['what the prompt calls the text', '````\nthe complete new text\n````'],
  ])('readAnswer never takes an echo of %s for a text', (_, answer) =>
    expect(readEcho(answer)).not.toHaveProperty('text'),
  );

  it('readAnswer extracts the text after an echo of the prompt', () =>
    expect(readEcho(`${prompt}\n\n\`\`\`\`\n${triage}\n\`\`\`\``)).toEqual({ text: triage }));
});

describe('an answer with several texts', () => {
  const texts = [
    asked,
    { name: 'agents/route: to', currentText: 'Route.' },
    { name: 'Label', currentText: 'Label.' },
  ];
  const readAll = (text: string, finishReason?: string) =>
    Object.fromEntries(readAnswer({ text, finishReason }, texts));
  const route = 'Route billing to the desk.\n\nAnswer so:\n\n```json\n{"to": "desk"}\n```';
  const both = { triage: { text: triage }, 'agents/route: to': { text: route } };
  const block = (opening: string, text: string) => `${opening}\n${text}\n${/`+|~+/.exec(opening)![0]}`;

  it.each([
    ['as asked for', `${block('````triage', triage)}\n\n${block('````agents/route: to', route)}`],
    ['with quoted names', `${block('````"triage"', triage)}\n${block('````"agents/route: to"', route)}`],
    [
      'with spaces and another case',
      `${block('```` TRIAGE', triage)}\n${block('```` Agents/Route: to', route)}`,
    ],
    [
      'with words before the names',
      `${block('````text triage', triage)}\n${block('````name="agents/route: to"', route)}`,
    ],
    ['with three backticks', `${block('```triage', triage)}\n\n${block('```agents/route: to', route)}`],
    ['with tildes', `${block('~~~triage', triage)}\n\n${block('~~~agents/route: to', route)}`],
    [
      'with names in headings',
      `## triage\n${block('````', triage)}\n\n**New text of \`agents/route: to\`:**\n\n${block('````markdown', route)}`,
    ],
    [
      'with one name in a heading',
      `${block('````triage', triage)}\n\n## agents/route: to\n${block('````', route)}`,
    ],
    ['with headings and no fence', `# triage\n\n${triage}\n\n# agents/route: to\n\n${route}`],
    [
      'with talk and unknown names',
      `I looked at both.\n\n${block('````triage', triage)}\n\nAnd:\n\n${block('````agents/route: to', route)}\n\n${block('````other', 'x')}`,
    ],
    [
      'with a draft before',
      `${block('````triage', 'A draft.')}\n\n${block('````triage', triage)}\n${block('````agents/route: to', route)}`,
    ],
    [
      'with the old text quoted',
      `${block('````triage', triage)}\n${block('````agents/route: to', route)}\nBefore:\n${block('````triage', 'Sort tickets.')}`,
    ],
    [
      'in a block around all',
      `\`\`\`\`markdown\n${block('````triage  ', triage)}\n\n${block('````agents/route: to  ', route)}\n\`\`\`\``,
    ],
    [
      'after thinking',
      `<think>${block('````triage', 'no')}</think>${block('````triage', triage)}\n${block('````agents/route: to', route)}`,
    ],
  ])('readAnswer extracts the texts of an answer %s', (_, answer) => {
    expect(readAll(answer)).toEqual(both);
    expect(readAll(answer.replaceAll('\n', '\r\n'))).toEqual(both);
  });

  it('readAnswer keeps the other texts where a fence is not closed', () =>
    expect(readAll(`\`\`\`\`triage\nSort the\n\n${block('````agents/route: to', route)}`)).toMatchObject({
      triage: { problem: 'cut_off' },
      'agents/route: to': { text: route },
    }));

  it('readAnswer keeps the complete texts of an answer that was cut off, and asks for all others', () =>
    expect(
      readAll(`${block('````triage', triage)}\n\n\`\`\`\`agents/route: to\nRoute bil`, 'length'),
    ).toMatchObject({
      triage: { text: triage },
      'agents/route: to': { problem: 'cut_off' },
      Label: { problem: 'cut_off' },
    }));

  it('readAnswer reports an answer without any name for all texts', () => {
    const all = readAll(block('````', triage));
    expect(Object.keys(all)).toEqual(texts.map(({ name }) => name));
    expect(Object.values(all)).toContainEqual(expect.objectContaining({ problem: 'no_text' }));
  });

  it('an answer that is cut off before its first block is cut off for every text', () => {
    for (const text of ['', 'Let me think about']) {
      const readings = Object.values(readAll(text, 'length'));
      expect(readings.length).toBeGreaterThan(1);
      for (const reading of readings) expect(reading).toMatchObject({ problem: 'cut_off' });
    }
  });

  it('readAnswer accepts a block without a name if one of several texts is asked for again, but not the block of another', () => {
    const names = texts.map(({ name }) => name);
    const again = (text: string) => readAnswer({ text }, [asked], { names }).get('triage');
    expect(again(block('````', triage))).toEqual({ text: triage });
    expect(again(`${block('````Label', 'x')}\n${block('````triage', triage)}`)).toEqual({ text: triage });
    expect(again(block('````Label', 'Label all.'))).toBeUndefined();
  });

  it('readAnswer extracts all texts exactly from the blocks that the prompt asks for', () => {
    const line = fc.oneof(
      fc.string().map((text) => text.replaceAll(/[\r\n]/g, '')),
      fc.constantFrom('```', '````', '```json', '~~~', '```triage', '# triage', '**Label**', '', '</think>'),
    );
    const text = fc
      .array(line, { minLength: 1, maxLength: 8 })
      .map((lines) => trimBlankLines(lines.join('\n')))
      .filter((text) => text !== '' && !/^(?:<\[\(\])?(?:\.{3}|…)/.test(text));
    fc.assert(
      fc.property(fc.tuple(text, text, text), ([first, second, third]) => {
        const all = [first, second, third];
        const fence = '`'.repeat(Math.max(...all.map((text) => fenceLength(text, 4))));
        const answer = texts
          .map(({ name }, index) => `${fence}${name}\n${all[index]}\n${fence}`)
          .join('\n\n');
        expect(Object.values(readAll(answer))).toEqual(all.map((text) => ({ text })));
      }),
      { numRuns: 1_000 },
    );
  });
});
