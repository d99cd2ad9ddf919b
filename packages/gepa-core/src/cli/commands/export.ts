import { resolve } from 'node:path';
import { GepaError } from '../../errors.ts';
import type { RunData } from '../../run-data/run-data.ts';
import { type SavedCandidate, writeSavedCandidate } from '../../saved/saved-candidate.ts';
import { savedFrom } from '../../saved/saved-from.ts';
import { bootstrapInterval } from '../../statistics/bootstrap.ts';
import { visibleJson } from '../../text/visible.ts';
import { VERSION } from '../../version.ts';
import { type Command, textOf } from '../command.ts';
import { candidateOf, openRun } from '../run-argument.ts';

export const exportCandidate: Command = {
  name: 'export',
  usage: 'RUN [--candidate N] [-o FILE]',
  summary: 'Writes a candidate to a file for `target.load`',
  help: [
    ['--candidate N', 'a number, `seed` or `best`; default `best`'],
    ['-o, --output FILE', 'as `triage.gepa.json`; default, and for `-`: prints it'],
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
    const saved = savedOf(run, index);
    const output = textOf(call, 'output');
    if (output === undefined || output === '-') {
      out(visibleJson(saved));
      return;
    }
    const path = resolve(output);
    writeSavedCandidate(path, saved);
    out(call.values.json ? visibleJson({ path, candidate: index }) : `${path}: candidate ${index}`);
  },
};

/** The versions of packages, without that of the runtime. */
function packagesOf({ node: _, ...packages }: RunData['about']['versions']): Record<string, string> {
  return { 'gepa-core': VERSION, ...packages };
}

/** The same as `save` writes after a run, without the digests of the data. */
function savedOf(run: RunData, index: number): SavedCandidate {
  if (run.kind === 'evaluation') {
    throw new GepaError(
      'An evaluation has only the candidates that it was given. `export` is for runs of `optimize`.',
    );
  }
  const { score, candidates, about, runId, updatedAt, trainset, valset, testset, metricCalls } = run;
  if (score === undefined) throw new GepaError('The seed of this run was not scored.');
  const seed = candidates[0]!.texts;
  const loaded = about.components.flatMap(({ name, original }) =>
    original === undefined ? [] : [[name, original] as const],
  );
  const original = { ...seed, ...Object.fromEntries(loaded) };
  const { scores, parents } = candidates[index]!;
  const { examples, positions } = index === run.bestIndex ? score.bestOn : score.seedOn;
  const [low, high] = bootstrapInterval(positions.flatMap((position) => scores[position] ?? []));
  return {
    ...savedFrom({ ...run, score, seed: original }, index),
    seed: loaded.length === 0 ? undefined : { ...seed },
    provenance: {
      date: new Date(updatedAt).toISOString(),
      runId,
      packages: packagesOf(about.versions),
      models: { task: [...about.models.task], reflection: about.models.reflection },
      data: {
        trainset: { size: trainset.length },
        valset: { size: valset.length },
        testset: { size: testset.length },
      },
      candidate: index,
      parents: [...parents],
      validation: { examples, interval: [low, high] },
      metricCalls,
    },
  };
}
