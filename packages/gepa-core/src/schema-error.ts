import type * as z from 'zod/v4-mini';

const types: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: '`true` or `false`',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a string',
};

/** The messages of schema checks, instead of a locale of the schema library. Each completes a sentence about the value. */
export const schemaError: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') return `must be ${types[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.map((value) => `'${String(value)}'`).join(' or ')}`;
  return 'is invalid';
};
