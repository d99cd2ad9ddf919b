import { expectTypeOf, it } from 'vitest';
import type { SelectedName } from './select-components.ts';

it('SelectedName is the union of the names when the options are literals', () => {
  expectTypeOf<SelectedName<{ include: readonly ['a', 'b'] }>>().toEqualTypeOf<'a' | 'b'>();
  expectTypeOf<
    SelectedName<{ include: readonly ['a', 'b']; rename: { readonly a: 'router' } }>
  >().toEqualTypeOf<'router' | 'b'>();
  expectTypeOf<
    SelectedName<{ include: readonly ['a']; rename: { readonly other: 'router' } }>
  >().toEqualTypeOf<'a'>();
});

it('SelectedName is string when the options do not determine the names', () => {
  expectTypeOf<SelectedName<Record<never, never>>>().toEqualTypeOf<string>();
  expectTypeOf<SelectedName<{ include: readonly ['a', 'route.*'] }>>().toEqualTypeOf<string>();
  expectTypeOf<SelectedName<{ include: string[] }>>().toEqualTypeOf<string>();
  expectTypeOf<SelectedName<{ exclude: readonly ['a'] }>>().toEqualTypeOf<string>();
});
