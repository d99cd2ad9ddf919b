// @module-tag slow
import { PromptTemplate, renderTemplate } from '@langchain/core/prompts';
import fc from 'fast-check';
import { GepaError } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { decodeTemplate, encodeTemplate } from './template.ts';

const formats = ['f-string', 'mustache'] as const;
type Format = (typeof formats)[number];

/** Text with frequent braces, line breaks and mustache syntax. */
const literal = fc
  .array(
    fc.oneof(
      fc.constantFrom('{', '}', '{{', '}}', '\n', ' ', '%>', '<%', '=', '#', '!', '{a}', '{{a}}', '{other}'),
      fc.string({ maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 2 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/).filter((key) => !(key in {}));
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4 });

const placeholder = (variable: string, format: Format) =>
  format === 'f-string' ? `{${variable}}` : `{{${variable}}}`;
const templateWith = (variables: readonly string[], format: Format) =>
  variables.map((variable) => placeholder(variable, format)).join(' ');

/** Substitutes in one pass, so that values with `{name}` in them stay unchanged. */
function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-zA-Z0-9_]+)\}/g, (all, key: string) => values[key] ?? all);
}

const texts = names.chain((variables) =>
  fc.record({
    variables: fc.constant(variables),
    values: fc.tuple(...variables.map(() => literal)),
    text: fc
      .array(
        fc.oneof(
          literal,
          fc.constantFrom(...variables).map((v) => `{${v}}`),
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('')),
  }),
);

describe.each(formats)('encodeTemplate in %s', (format) => {
  it(`an encoded ${format} template renders as the text with its variables substituted`, () => {
    fc.assert(
      fc.property(texts, ({ text, variables, values }) => {
        const template = encodeTemplate(text, templateWith(variables, format), format);
        const given = Object.fromEntries(variables.map((variable, i) => [variable, values[i]!]));
        expect(renderTemplate(template, format, given)).toBe(substitute(text, given));
      }),
      { numRuns: 2000 },
    );
  });

  it(`decoding an encoded ${format} template returns the text`, () => {
    fc.assert(
      fc.property(texts, ({ text, variables }) => {
        const original = `${templateWith(variables, format)} `;
        const template = encodeTemplate(text, original, format);
        expect(decodeTemplate(template, format).text).toBe(text);
        expect(new Set(decodeTemplate(template, format).variables)).toEqual(
          new Set(variables.filter((variable) => text.includes(`{${variable}}`))),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it(`LangChain accepts an encoded ${format} template`, () => {
    fc.assert(
      fc.property(texts, ({ text, variables }) => {
        const template = encodeTemplate(text, templateWith(variables, format), format);
        const prompt = PromptTemplate.fromTemplate(template, { templateFormat: format });
        expect(prompt.inputVariables.every((variable) => variables.includes(variable))).toBe(true);
      }),
    );
  });
});

describe('f-string', () => {
  it('a decoded f-string template has no escapes', () => {
    expect(decodeTemplate('Answer as {{"label": "{label}"}}.', 'f-string')).toEqual({
      text: 'Answer as {"label": "{label}"}.',
      variables: ['label'],
      ambiguous: false,
    });
  });

  it('an f-string template renders the same after decoding and encoding', () => {
    const part = fc.oneof(
      literal.map((text) => text.replace(/[{}]/g, '$&$&')),
      fc.constantFrom('{a}', '{b}', '{ spaced }'),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
        (template) => {
          const { text, ambiguous } = decodeTemplate(template, 'f-string');
          fc.pre(!ambiguous);
          const values = { a: '{b}', b: 'two', ' spaced ': '}' };
          const again = encodeTemplate(text, template, 'f-string');
          expect(renderTemplate(again, 'f-string', values)).toBe(
            renderTemplate(template, 'f-string', values),
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('an f-string template with a literal that looks like one of its variables is ambiguous', () => {
    expect(decodeTemplate('Write {{name}} for {name}.', 'f-string').ambiguous).toBe(true);
    expect(decodeTemplate('Write {{other}} for {name}.', 'f-string').ambiguous).toBe(false);
  });

  it('decoding an f-string template that does not parse throws', () => {
    expect(() => decodeTemplate('a } b', 'f-string')).toThrow("Single '}'");
  });
});

describe('mustache', () => {
  it('a decoded mustache template shows tags by name, and encoding restores their form', () => {
    const template =
      '{{#items}}- {{ name }} {{{raw}}} {{&plain}}\n{{/items}}{{^items}}none{{/items}} {{a.b}} {{.}}';
    const { text, variables } = decodeTemplate(template, 'mustache');
    expect(text).toBe('{#items}- {name} {raw} {plain}\n{/items}{^items}none{/items} {a.b} {.}');
    expect(variables).toEqual(['#items', 'name', 'raw', 'plain', '/items', '^items', 'a.b', '.']);
    expect(encodeTemplate(text, template, 'mustache')).toBe(template.replace('{{ name }}', '{{name}}'));
  });

  it('a mustache template renders the same after decoding and encoding', () => {
    const part: fc.Arbitrary<string> = fc.oneof(
      fc.constantFrom(
        ...['{{a}}', '{{{b}}}', '{{& b}}', '{{! a note }}', '{{!\n two\n lines }}', '{{> partial }}'],
        ...['\n', ' \n', '\n  ', 'words', '{ ', '} ', '"k": {', ' ', '{{a.length}}'],
        ...['{{=<% %>=}}<%a%> {{<%={{ }}=%>', '{{= | | =}}|b| {{a}} |={{ }}=|'],
      ),
      fc.string({ maxLength: 3 }).map((text) => text.replace(/[{}]/g, '')),
    );
    const parts = fc.array(part, { maxLength: 8 }).map((list) => list.join(''));
    const whole = fc
      .array(
        fc.oneof(
          parts,
          parts.map((inner) => `{{#list}}${inner}{{/list}}`),
          parts.map((inner) => `\n{{^none}}\n${inner}\n{{/ none }} \n`),
        ),
        { maxLength: 3 },
      )
      .map((list) => list.join(''));
    const values = { a: 'A', b: '{b} & <', list: [{ a: 1 }, { a: 2 }], none: false };
    fc.assert(
      fc.property(whole, (template) => {
        let expected: string;
        try {
          expected = renderTemplate(template, 'mustache', values);
        } catch {
          return; // The parts do not form a valid template.
        }
        const { text, ambiguous } = decodeTemplate(template, 'mustache');
        fc.pre(!ambiguous);
        expect(renderTemplate(encodeTemplate(text, template, 'mustache'), 'mustache', values)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('nested JSON braces that look like mustache tags are escaped', () => {
    const template = encodeTemplate('{{"a": {{"b": "{x}"}}}}{{x}', '{{x}}', 'mustache');
    expect(renderTemplate(template, 'mustache', { x: '1' })).toBe('{{"a": {{"b": "1"}}}}{1');
  });

  it('encoding a text whose mustache sections do not match throws and explains the problem', () => {
    const write = () => encodeTemplate('{/items}{#items}', '{{#items}}{{/items}}', 'mustache');
    expect(write).toThrow(GepaError);
    expect(write).toThrow(/mustache template: Unopened section "items".*\{#section\}/);
  });

  it('decoding a mustache template that does not parse throws', () => {
    expect(() => decodeTemplate('a {{b', 'mustache')).toThrow('not closed by "}}"');
  });
});

it('plain text is not decoded or encoded', () => {
  expect(decodeTemplate('{a} {{b}}', 'plain')).toEqual({
    text: '{a} {{b}}',
    variables: undefined,
    ambiguous: false,
  });
  expect(encodeTemplate('{{c}}', '{a}', 'plain')).toBe('{{c}}');
});
