import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TokenRunSetup, timeless, tokenRun } from '../engine/fixtures/token-run.ts';
import { optimize } from '../optimize.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gepa-run-'));
  runDir = join(root, 'run');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A run, and the same again from its journal alone. */
async function twice(setup: TokenRunSetup) {
  const sessions = [];
  for (let i = 0; i < 2; i++) {
    const run = tokenRun({ ...setup, runDir });
    const result = await optimize(run.options);
    sessions.push({ ...run, decisions: timeless(run.decisions()), warnings: result.warnings });
  }
  const [live, replayed] = sessions as [(typeof sessions)[0], (typeof sessions)[0]];
  return { live, replayed };
}

describe('a replay decides as the run did', () => {
  it.each<[string, unknown]>([
    ['a number', { extract: 7, route: 7 }],
    ['null', { extract: null, route: null }],
    ['a text and a number', { extract: 'base red', route: 7 }],
    ['nothing', undefined],
    ['a text', 'base red'],
    ['texts of other components', { other: 'base', extract: 'base red' }],
    ['texts that a prototype holds', Object.create({ extract: 'base red', route: 'base red' })],
  ])('where the proposer gave %s', async (_, texts) => {
    const { live, replayed } = await twice({
      maxIterations: 2,
      propose: async () => texts as Record<string, string>,
    });
    expect(replayed.decisions).toEqual(live.decisions);
    expect(replayed.begun.size).toBe(0);
  });
});
