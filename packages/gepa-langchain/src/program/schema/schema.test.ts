import { tool } from '@langchain/core/tools';
import { toJsonSchema } from '@langchain/core/utils/json_schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { z as z3 } from 'zod/v3';
import { discover } from '../discover.ts';
import { rewrite } from '../rewrite.ts';

const lookup = (schema: unknown) =>
  tool(async () => 'x', { name: 'lookup', description: 'Looks up.', schema: schema as z.ZodObject });
const texts = (program: unknown) =>
  Object.fromEntries(
    Object.entries(discover(program, { tools: true }).components)
      .filter(([, { kind }]) => kind === 'field-description')
      .map(([name, { text }]) => [name.replace('tools.lookup.', ''), text]),
  );

/** Rewrites every description. */
function rewriteAll(program: ReturnType<typeof lookup>) {
  const { components } = discover(program, { tools: true });
  return rewrite(
    program,
    Object.fromEntries(
      Object.entries(components).map(([name, { text }]) => [name, text.replace('OLD', 'NEW')]),
    ),
  );
}

type Zod = typeof z;

/** Schemas in both versions of zod, with the names of their descriptions, valid values and invalid values. */
const shared: Readonly<
  Record<string, (z: Zod) => { field: z.ZodType; names: string[]; good: unknown[]; bad: unknown[] }>
> = {
  'a field': (z) => ({ field: z.string().min(2).describe('OLD'), names: ['f'], good: ['ab'], bad: ['a', 1] }),
  'an optional field': (z) => ({
    field: z.string().describe('OLD').optional(),
    names: ['f'],
    good: ['a', undefined],
    bad: [1, null],
  }),
  'an optional member of a union': (z) => ({
    field: z.union([z.string().describe('OLD inner').optional().describe('OLD outer'), z.object({})]),
    names: (z as unknown) === z3 ? ['f.option1', 'f.option1_2'] : ['f.option1'],
    good: ['a', undefined],
    bad: [1],
  }),
  'an optional field with two descriptions': (z) => ({
    field: z.string().describe('OLD inner').optional().describe('OLD outer'),
    names: ['f'],
    good: ['a', undefined],
    bad: [1],
  }),
  'a nullable field': (z) => ({
    field: z.string().describe('OLD').nullable(),
    names: ['f'],
    good: ['a', null],
    bad: [1],
  }),
  'a field with a default': (z) => ({
    field: z.number().describe('OLD').default(3),
    names: ['f'],
    good: [1, undefined],
    bad: ['a'],
  }),
  'items of a list': (z) => ({
    field: z.array(z.object({ price: z.number().describe('OLD price') }).describe('OLD item')).min(1),
    names: ['f[]', 'f[].price'],
    good: [[{ price: 1 }]],
    bad: [[], [{ price: 'x' }]],
  }),
  'an optional object in an optional object': (z) => ({
    field: z
      .object({ b: z.object({ c: z.string().describe('OLD c') }).nullish() })
      .describe('OLD f')
      .optional(),
    names: ['f', 'f.b.c'],
    good: [{}, { b: null }, { b: { c: 'x' } }, undefined],
    bad: [{ b: { c: 1 } }],
  }),
  'members of a union with a tag': (z) => ({
    field: z
      .discriminatedUnion('by', [
        z.object({ by: z.literal('card'), number: z.string().describe('OLD number') }),
        z
          .object({ by: z.literal('cash'), currency: z.string().describe('OLD currency') })
          .describe('OLD cash'),
      ])
      .describe('OLD f'),
    names: ['f', 'f.card.number', 'f.cash', 'f.cash.currency'],
    good: [
      { by: 'card', number: '1' },
      { by: 'cash', currency: 'EUR' },
    ],
    bad: [{ by: 'card' }, { by: 'cheque' }],
  }),
  'members of a union without a tag': (z) => ({
    field: z.union([z.string().describe('OLD name'), z.object({ id: z.number().describe('OLD id') })]),
    names: ['f.option1', 'f.option2.id'],
    good: ['a', { id: 1 }],
    bad: [1, {}],
  }),
  'values and keys of a record': (z) => ({
    field: z.record(z.string().describe('OLD key'), z.object({ n: z.number().describe('OLD n') })),
    names: ['f[key]', 'f[value].n'],
    good: [{ a: { n: 1 } }],
    bad: [{ a: 1 }],
  }),
  'members of a tuple': (z) => ({
    field: z.tuple([z.string().describe('OLD first'), z.number()]).rest(z.boolean().describe('OLD more')),
    names: ['f[0]', 'f[rest]'],
    good: [
      ['a', 1],
      ['a', 1, true],
    ],
    bad: [['a', 1, 'b']],
  }),
  'both sides of an intersection': (z) => ({
    field: z.intersection(
      z.object({ a: z.string().describe('OLD a') }),
      z.object({ b: z.string().describe('OLD b') }),
    ),
    names: ['f.a', 'f.b'],
    good: [{ a: 'a', b: 'b' }],
    bad: [{ a: 'a' }],
  }),
  'a refined object': (z) => ({
    field: z
      .object({ a: z.number().describe('OLD a') })
      .refine(({ a }) => a > 1, 'too small')
      .optional(),
    names: ['f.a'],
    good: [{ a: 2 }],
    bad: [{ a: 1 }],
  }),
  'a transformed object': (z) => ({
    field: z.object({ a: z.string().describe('OLD a') }).transform(({ a }) => a.length),
    names: ['f.a'],
    good: [{ a: 'ab' }],
    bad: [{ a: 1 }],
  }),
  'objects that are strict or open': (z) => ({
    field: z.tuple([
      z.object({ a: z.string().describe('OLD a') }).strict(),
      z.object({ b: z.string().describe('OLD b') }).catchall(z.number().describe('OLD more')),
    ]),
    names: ['f[0].a', 'f[1].b', 'f[1][value]'],
    good: [[{ a: 'a' }, { b: 'b', c: 1 }]],
    bad: [
      [{ a: 'a', c: 1 }, { b: 'b' }],
      [{ a: 'a' }, { b: 'b', c: 'c' }],
    ],
  }),
  'a readonly, caught, branded field': (z) => ({
    field: z.array(z.string().describe('OLD').brand('b').readonly()).catch(['x'] as never),
    names: ['f[]'],
    good: [['a'], 1],
    bad: [],
  }),
  'a lazy schema': (z) => ({
    field: z.lazy(() => z.object({ a: z.string().describe('OLD a') })),
    names: ['f.a'],
    good: [{ a: 'a' }],
    bad: [{ a: 1 }],
  }),
};

const cases = Object.entries(shared).flatMap(([name, make]) => [
  { name, version: 4, ...make(z), object: z.object as (shape: object) => z.ZodType },
  {
    name,
    version: 3,
    ...make(z3 as unknown as Zod),
    object: z3.object as unknown as (shape: object) => z.ZodType,
  },
]);

describe.each(cases)('$name (zod $version)', ({ name, version, field, names, good, bad, object }) => {
  const schemaName = `${name} (zod ${version})`;
  const program = lookup(object({ f: field, other: field }));

  it(`rewriting the descriptions of ${schemaName} changes nothing else`, () => {
    const before = JSON.stringify(toJsonSchema(program.schema));
    expect(Object.keys(texts(program))).toEqual(names);
    const changed = rewriteAll(program);
    expect(Object.keys(texts(changed))).toEqual(names);
    expect(Object.values(texts(changed)).join()).not.toContain('OLD');
    expect(JSON.stringify(toJsonSchema(changed.schema))).toBe(before.replaceAll('OLD', 'NEW'));
    expect(JSON.stringify(toJsonSchema(program.schema))).toBe(before);
  });

  it(`${schemaName} with new descriptions validates as before`, () => {
    const changed = rewriteAll(program);
    for (const f of [...good, ...bad]) {
      const [now, old] = [changed, program].map(({ schema }) => schema.safeParse({ f, other: good[0] }));
      expect(now!.success).toBe(good.includes(f));
      expect(now!.data).toEqual(old!.data);
      expect(JSON.stringify(now!.error?.issues)).toBe(JSON.stringify(old!.error?.issues));
    }
  });

  it(`the JSON schema of ${schemaName} has descriptions with the same names`, () => {
    // Zod 3 leaves out the schema of keys.
    const expected = version === 3 ? names.filter((name) => !name.endsWith('[key]')) : names;
    const json = lookup(JSON.parse(JSON.stringify(toJsonSchema(program.schema))));
    expect(Object.keys(texts(json))).toEqual(expect.arrayContaining(expected));
    const before = JSON.stringify(json.schema);
    expect(JSON.stringify(rewriteAll(json).schema)).toBe(before.replaceAll('OLD', 'NEW'));
    expect(JSON.stringify(json.schema)).toBe(before);
  });
});

describe('a schema', () => {
  it('a schema that contains itself stays recursive', () => {
    const category = z.object({
      name: z.string().describe('OLD name'),
      get inside() {
        return z.array(category).describe('OLD inside').optional();
      },
    });
    const program = lookup(z.object({ root: category }));
    expect(texts(program)).toEqual({ 'root.name': 'OLD name', 'root.inside': 'OLD inside' });
    const changed = rewriteAll(program);
    expect(JSON.stringify(z.toJSONSchema(changed.schema))).toBe(
      JSON.stringify(z.toJSONSchema(program.schema)).replaceAll('OLD', 'NEW'),
    );
    const nested = (name: unknown) => ({ root: { name: 'a', inside: [{ name: 'b', inside: [{ name }] }] } });
    expect(changed.schema.safeParse(nested('c')).success).toBe(true);
    expect(changed.schema.safeParse(nested(1)).success).toBe(false);
  });

  it('the description of a schema in several places is one component', () => {
    const address = z.object({ street: z.string().describe('OLD street') });
    const program = lookup(z.object({ home: address, work: address.optional(), all: z.array(address) }));
    expect(texts(program)).toEqual({ 'home.street': 'OLD street' });
    expect(JSON.stringify(toJsonSchema(rewriteAll(program).schema))).not.toContain('OLD');
  });

  it('a schema with new descriptions keeps its other metadata', () => {
    const program = lookup(
      z
        .object({ a: z.string().meta({ title: 'A', examples: ['x'], description: 'OLD a' }) })
        .meta({ id: 'Args' }),
    );
    expect(JSON.stringify(z.toJSONSchema(rewriteAll(program).schema))).toBe(
      JSON.stringify(z.toJSONSchema(program.schema)).replaceAll('OLD', 'NEW'),
    );
  });

  it('a schema whose description the tool repeats changes with the tool', () => {
    const described = tool(async () => 'x', {
      name: 'lookup',
      schema: z.object({ a: z.string() }).describe('OLD way to look up'),
    });
    expect(Object.keys(discover(described, { tools: true }).components)).toEqual(['tools.lookup']);
    const changed = rewriteAll(described as never);
    expect(changed.description).toBe('NEW way to look up');
    expect(changed.schema.description).toBe('NEW way to look up');
  });

  it('descriptions in definitions, patterns and tuples of a JSON schema are found', () => {
    const text = (description: string) => ({ type: 'string', description: `OLD ${description}` });
    const program = lookup({
      type: 'object',
      description: 'OLD arguments',
      $defs: { Place: { type: 'object', properties: { city: text('city') } } },
      properties: {
        description: text('field of that name'),
        place: { $ref: '#/$defs/Place', description: 'OLD place' },
        maybe: { anyOf: [text('maybe'), { type: 'null' }] },
        pair: { type: 'array', prefixItems: [text('first')], items: text('rest') },
      },
      patternProperties: { '^x-': text('extension') },
    });
    expect(Object.keys(texts(program))).toEqual([
      'arguments',
      'description',
      'place',
      'maybe',
      'pair[0]',
      'pair[rest]',
      '[^x-]',
      'Place.city',
    ]);
  });
});

/** Creates a schema with either version of zod. */
type Recipe = (z: Zod) => z.ZodType;
const key = fc.constantFrom('a', 'b', 'c');
const plain = fc.oneof(
  fc.constant<Recipe>((z) => z.string()),
  fc.constant<Recipe>((z) => z.number().int()),
  fc.constant<Recipe>((z) => z.enum(['x', 'y'])),
);
const { schema: anySchema } = fc.letrec<{ schema: Recipe }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 5 },
    plain,
    fc.tuple(tie('schema'), fc.constantFrom('optional', 'nullable', 'array', 'readonly')).map(
      ([inner, how]): Recipe =>
        (z) =>
          inner(z)[how as 'optional'](),
    ),
    fc.tuple(tie('schema'), fc.nat()).map(
      ([inner, n]): Recipe =>
        (z) =>
          inner(z).describe(`OLD ${n}`),
    ),
    fc
      .tuple(
        tie('schema'),
        fc.constantFrom('default', 'catch', 'refine', 'brand', 'pipe', 'intersection', 'lazy'),
      )
      .map(
        ([inner, how]): Recipe =>
          (z) => {
            const schema = inner(z);
            if (how === 'default') return schema.default('x' as never);
            if (how === 'catch') return schema.catch('x' as never);
            if (how === 'refine') return schema.refine((value) => value !== 'z');
            if (how === 'brand') return schema.brand('b');
            if (how === 'pipe') return schema.pipe(z.any().describe('OLD out'));
            if (how === 'lazy') return z.lazy(() => schema);
            return z.intersection(schema, inner(z));
          },
      ),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map(
      (items): Recipe =>
        (z) =>
          z.tuple(items.map((inner) => inner(z)) as [z.ZodType]),
    ),
    fc.dictionary(key, tie('schema'), { minKeys: 1 }).map(
      (fields): Recipe =>
        (z) =>
          z.object(Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, inner(z)]))),
    ),
    fc.array(tie('schema'), { minLength: 2, maxLength: 3 }).map(
      (members): Recipe =>
        (z) =>
          z.union(members.map((inner) => inner(z)) as [z.ZodType, z.ZodType]),
    ),
    tie('schema').map(
      (inner): Recipe =>
        (z) =>
          z.record(z.string(), inner(z)),
    ),
  ),
}));
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('x', 'z', 1, 1.5, null, undefined),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(key, tie('value')),
  ),
}));

it.each([
  ['zod 4', z],
  ['zod 3', z3 as unknown as Zod],
])('rewriting the descriptions of any schema changes nothing else (%s)', (_version, zod) => {
  fc.assert(
    fc.property(anySchema, fc.array(anyValue, { minLength: 5 }), (recipe, values) => {
      const program = lookup(zod.object({ f: recipe(zod) }));
      const before = JSON.stringify(toJsonSchema(program.schema));
      const changed = rewriteAll(program);
      expect(JSON.stringify(toJsonSchema(changed.schema))).toBe(before.replaceAll('OLD', 'NEW'));
      expect(JSON.stringify(toJsonSchema(program.schema))).toBe(before);
      for (const f of values) {
        const [now, old] = [changed, program].map(({ schema }) => JSON.stringify(schema.safeParse({ f })));
        expect(now).toBe(old);
      }
    }),
  );
});
