import { resolve } from 'node:path';
import { GepaError } from '../../errors.ts';
import { writeSavedCandidate } from '../../program/saved-candidate.ts';
import { savedFrom } from '../../program/saved-from.ts';
import { type Command, textOf } from '../command.ts';
import { candidateOf, openRun } from '../run-argument.ts';

export const exportCandidate: Command = {
  name: 'export',
  usage: 'RUN [--candidate N] [-o FILE]',
  summary: 'Writes a candidate to a file for `target.load`',
  help: [
    ['--candidate N', 'a number, `seed` or `best`; default `best`'],
    ['-o, --output FILE', 'as `triage.gepa.json`; default: prints it'],
  ],
  options: {
    candidate: { type: 'string' },
    output: { type: 'string', short: 'o' },
    json: { type: 'boolean' },
  },
  arguments: [1, 1],
  run(call, { out }) {
    const run = openRun(call.positionals[0]!).data;
    const { index } = candidateOf(run, textOf(call, 'candidate') ?? 'best');
    if (run.score === undefined) throw new GepaError('The seed of this run was not scored.');
    const saved = savedFrom({ ...run, score: run.score, seed: run.candidates[0]!.texts }, index);
    const output = textOf(call, 'output');
    if (output === undefined) {
      out(JSON.stringify(saved, null, 2));
      return;
    }
    const path = resolve(output);
    writeSavedCandidate(path, saved);
    out(call.values.json ? JSON.stringify({ path, candidate: index }) : `${path}: candidate ${index}`);
  },
};
