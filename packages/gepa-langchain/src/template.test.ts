import { PromptTemplate, renderTemplate } from '@langchain/core/prompts';
import fc from 'fast-check';
import { GepaError } from 'gepa-core';
import { describe, expect, it } from 'vitest';
import { decodeTemplate, encodeTemplate } from './template.ts';

const formats = ['f-string', 'mustache'] as const;
type Format = (typeof formats)[number];

/** Text in which braces, line breaks and the signs of mustache are frequent. */
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

/** Substitutes in one pass, so that values holding `{name}` stay as they are. */
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

describe.each(formats)('%s', (format) => {
  it('renders exactly the text with the variables substituted', () => {
    fc.assert(
      fc.property(texts, ({ text, variables, values }) => {
        const template = encodeTemplate(text, templateWith(variables, format), format);
        const given = Object.fromEntries(variables.map((variable, i) => [variable, values[i]!]));
        expect(renderTemplate(template, format, given)).toBe(substitute(text, given));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back what it wrote', () => {
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

  it('makes a template that LangChain takes', () => {
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
  it('shows templates without escaping', () => {
    expect(decodeTemplate('Answer as {{"label": "{label}"}}.', 'f-string')).toEqual({
      text: 'Answer as {"label": "{label}"}.',
      variables: ['label'],
      ambiguous: false,
    });
  });

  it('renders a template the same after reading and writing it', () => {
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

  it('reports a literal that looks like one of its variables', () => {
    expect(decodeTemplate('Write {{name}} for {name}.', 'f-string').ambiguous).toBe(true);
    expect(decodeTemplate('Write {{other}} for {name}.', 'f-string').ambiguous).toBe(false);
  });

  it('throws on a template that does not parse', () => {
    expect(() => decodeTemplate('a } b', 'f-string')).toThrow("Single '}'");
  });
});

describe('mustache', () => {
  it('shows each tag by its content and restores its form', () => {
    const template =
      '{{#items}}- {{ name }} {{{raw}}} {{&plain}}\n{{/items}}{{^items}}none{{/items}} {{a.b}} {{.}}';
    const { text, variables } = decodeTemplate(template, 'mustache');
    expect(text).toBe('{#items}- {name} {raw} {plain}\n{/items}{^items}none{/items} {a.b} {.}');
    expect(variables).toEqual(['#items', 'name', 'raw', 'plain', '/items', '^items', 'a.b', '.']);
    expect(encodeTemplate(text, template, 'mustache')).toBe(template.replace('{{ name }}', '{{name}}'));
  });

  it('renders a template the same after reading and writing it', () => {
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
          return; // Parts that joined to something which is no template.
        }
        const { text, ambiguous } = decodeTemplate(template, 'mustache');
        fc.pre(!ambiguous);
        expect(renderTemplate(encodeTemplate(text, template, 'mustache'), 'mustache', values)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('holds nested JSON braces that mustache would take for tags', () => {
    const template = encodeTemplate('{{"a": {{"b": "{x}"}}}}{{x}', '{{x}}', 'mustache');
    expect(renderTemplate(template, 'mustache', { x: '1' })).toBe('{{"a": {{"b": "1"}}}}{1');
  });

  it('says what is wrong with sections that do not match up', () => {
    const write = () => encodeTemplate('{/items}{#items}', '{{#items}}{{/items}}', 'mustache');
    expect(write).toThrow(GepaError);
    expect(write).toThrow(/mustache template: Unopened section "items".*\{#section\}/);
  });

  it('throws on a template that does not parse', () => {
    expect(() => decodeTemplate('a {{b', 'mustache')).toThrow('not closed by "}}"');
  });
});

it('leaves plain text as it is', () => {
  expect(decodeTemplate('{a} {{b}}', 'plain')).toEqual({
    text: '{a} {{b}}',
    variables: undefined,
    ambiguous: false,
  });
  expect(encodeTemplate('{{c}}', '{a}', 'plain')).toBe('{{c}}');
});
