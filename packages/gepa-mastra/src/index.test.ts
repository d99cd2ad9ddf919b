import * as core from 'gepa-core';
import { readCsv, readJsonl } from 'gepa-core/node';
import * as report from 'gepa-core/report';
import { expect, it } from 'vitest';
import * as mastra from './index.ts';

it('gepa-mastra exports every error class of gepa-core', () => {
  const isErrorClass = (value: unknown) =>
    value === core.GepaError || Object.prototype.isPrototypeOf.call(core.GepaError, value as object);
  const errorClasses = Object.entries(core).filter(([, value]) => isErrorClass(value));
  expect(errorClasses.length).toBeGreaterThan(10);
  expect(mastra).toMatchObject(Object.fromEntries(errorClasses));
});

it('gepa-mastra exports every function of gepa-core/report', () => {
  expect(mastra).toMatchObject({ ...report });
});

it('gepa-mastra exports the readers of example files', () => {
  expect(mastra).toMatchObject({ readCsv, readJsonl });
});
