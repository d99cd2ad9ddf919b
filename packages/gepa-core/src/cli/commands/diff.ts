import { diffCandidates } from '../../report/diff.ts';
import { visibleJson } from '../../text/visible.ts';
import type { Command } from '../command.ts';
import { candidateOf, openRun } from '../run-argument.ts';

export const diff: Command = {
  name: 'diff',
  usage: 'RUN [A] [B] [--json]',
  summary: 'Compares the texts of two candidates; default: seed and best; of an evaluation, first and last',
  help: [
    ['A, B', 'a number, `seed` or `best`; of an evaluation a name'],
    ['--json', 'prints the changed texts as JSON'],
  ],
  options: { json: { type: 'boolean' } },
  arguments: [1, 3],
  run({ positionals: [path = '', a, b], values }, { out, color }) {
    const run = openRun(path).data;
    // An evaluation has its candidates in the given order.
    const [first, last] = run.kind === 'search' ? ['seed', 'best'] : ['0', String(run.candidates.length - 1)];
    const [before, after] = [candidateOf(run, a ?? first), candidateOf(run, b ?? last)];
    if (values.json) {
      const changed = Object.keys(before.texts).filter((name) => before.texts[name] !== after.texts[name]);
      const texts = changed.map((name) => [name, { before: before.texts[name], after: after.texts[name] }]);
      out(visibleJson({ a: before.index, b: after.index, components: Object.fromEntries(texts) }));
      return;
    }
    out(diffCandidates(before.texts, after.texts, { color }));
  },
};
