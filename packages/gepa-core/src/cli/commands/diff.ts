import { diffCandidates } from '../../report/diff.ts';
import type { Command } from '../command.ts';
import { candidateOf, openRun } from '../run-argument.ts';

export const diff: Command = {
  name: 'diff',
  usage: 'RUN [A] [B] [--json]',
  summary: 'Compares the texts of two candidates; default: seed and best',
  help: [
    ['A, B', 'a number, `seed` or `best`'],
    ['--json', 'prints the changed texts as JSON'],
  ],
  options: { json: { type: 'boolean' } },
  arguments: [1, 3],
  run({ positionals: [path = '', a = 'seed', b = 'best'], values }, { out, color }) {
    const run = openRun(path).data;
    const [before, after] = [candidateOf(run, a), candidateOf(run, b)];
    if (values.json) {
      const changed = Object.keys(before.texts).filter((name) => before.texts[name] !== after.texts[name]);
      const texts = changed.map((name) => [name, { before: before.texts[name], after: after.texts[name] }]);
      out(
        JSON.stringify({ a: before.index, b: after.index, components: Object.fromEntries(texts) }, null, 2),
      );
      return;
    }
    out(diffCandidates(before.texts, after.texts, { color }));
  },
};
