import { expect, it } from 'vitest';

interface Exports {
  readonly [name: string]: unknown;
}

/**
 * Vitest suite: a framework package re-exports what its users need of gepa-core: errors, reports, readers of files.
 *
 * @param own what the package exports.
 * @param from the modules of gepa-core.
 */
export function exportSuite(
  name: string,
  own: Exports,
  from: { readonly core: Exports; readonly report: Exports; readonly node: Exports },
): void {
  it(`${name} exports every error class of gepa-core`, () => {
    const { GepaError } = from.core;
    const isErrorClass = (value: unknown) =>
      value === GepaError || Object.prototype.isPrototypeOf.call(GepaError as object, value as object);
    const errorClasses = Object.entries(from.core).filter(([, value]) => isErrorClass(value));
    expect(errorClasses.length).toBeGreaterThan(10);
    expect(own).toMatchObject(Object.fromEntries(errorClasses));
  });

  it(`${name} exports every function of gepa-core/report`, () => {
    expect(own).toMatchObject({ ...from.report });
  });

  it(`${name} exports the readers of example files`, () => {
    const { readCsv, readJsonl } = from.node;
    expect(readCsv).toBeTypeOf('function');
    expect(own).toMatchObject({ readCsv, readJsonl });
  });
}
