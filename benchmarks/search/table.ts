import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { families } from './families/index.ts';
import type { Run } from './run.ts';
import { searches } from './searches.ts';
import { type Mean, meanOf, pairedDifference, type Summary, summarize } from './summary.ts';
import type { Family } from './task.ts';
import type { Job } from './worker.ts';

/**
 * Compares searches on simulated tasks: scripted proposers, no model. The searches of a family run on the same tasks
 * with the same seeds. The first search is the one that the others are compared with.
 */
const { values } = parseArgs({
  options: {
    families: { type: 'string' },
    searches: { type: 'string', default: 'reference,adaptive' },
    seeds: { type: 'string', default: '20' },
    'first-seed': { type: 'string', default: '1' },
    budget: { type: 'string' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});

const budget = values.budget === undefined ? undefined : Number(values.budget);
const searchNames = values.searches.split(',');
const unknown = searchNames.filter((name) => !Object.hasOwn(searches, name));
if (unknown.length > 0)
  throw new Error(`There is no search "${unknown[0]}": ${Object.keys(searches).join(', ')}.`);
const chosen = families.filter(
  ({ name }) => values.families === undefined || matches(name, values.families.split(',')),
);
if (chosen.length === 0) throw new Error(`No such family: ${families.map(({ name }) => name).join(', ')}.`);
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => Number(values['first-seed']) + i);

/** `rugged*` matches all names that begin with `rugged`. */
function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

/** Runs the jobs on worker threads; the runs come in the order of the jobs. */
async function runAll(jobs: readonly Job[]): Promise<Run[]> {
  const runs: Run[] = [];
  let next = 0;
  const work = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    for (let i = next++; i < jobs.length; i = next++) {
      runs[i] = await new Promise<Run>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject).postMessage(jobs[i]);
      });
      worker.removeAllListeners('error');
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Number(values.threads) }, work));
  return runs;
}

interface Row {
  readonly family: Family;
  readonly runs: Readonly<Record<string, readonly Run[]>>;
}

async function measure(family: Family): Promise<Row> {
  const jobs = seeds.flatMap((seed) =>
    searchNames.map((search) => ({ family: family.name, search, seed, budget })),
  );
  const runs = await runAll(jobs);
  return {
    family,
    runs: Object.fromEntries(
      searchNames.map((search) => [search, runs.filter((_, i) => jobs[i]!.search === search)]),
    ),
  };
}

const pad = (cells: readonly string[], widths: readonly number[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!))).join(' ');
const decimals = (value: number, digits = 2) => value.toFixed(digits).replace(/^(-?)0\./, '$1.');
const withError = ({ mean, standardError }: Mean, digits = 2) =>
  `${decimals(mean, digits)} ±${decimals(standardError, 3)}`;

const widths = [16, 10, 12, 12, 6, 6, 7, 7, 7, 7, 7];
const header = [
  'family',
  'search',
  'score',
  'difference',
  'seed',
  'worse',
  'bias',
  'calls',
  'reflect',
  'propose',
  'accept',
];

function lines({ family, runs }: Row): string[] {
  return searchNames.map((search, i) => {
    const summary = summarize(runs[search]!);
    const stops = Object.entries(summary.stopReasons).filter(([reason]) => reason !== 'maxMetricCalls');
    return `${pad(
      [
        i === 0 ? family.name : '',
        search,
        withError(summary.score),
        i === 0 ? '' : withError(pairedDifference(runs[search]!, runs[searchNames[0]!]!)),
        decimals(summary.seedScore),
        decimals(summary.worse),
        decimals(summary.bias.mean, 3),
        `${((100 * summary.calls) / (budget ?? family.budget)).toFixed(0)} %`,
        summary.reflections.toFixed(1),
        summary.proposals.toFixed(1),
        summary.accepted.toFixed(1),
      ],
      widths,
    )}${stops.map(([reason, count]) => `  ${reason} ×${count}`).join('')}`;
  });
}

/** The mean of the families' means, and its standard error from that of each family. */
function overall(label: string, rows: readonly Row[]): string[] {
  if (rows.length < 2) return [];
  return searchNames.map((search, i) => {
    const of = (pick: (summary: Summary) => number) =>
      meanOf(rows.map(({ runs }) => pick(summarize(runs[search]!)))).mean;
    const differences = rows.map(({ runs }) => pairedDifference(runs[search]!, runs[searchNames[0]!]!));
    const difference = {
      mean: meanOf(differences.map(({ mean }) => mean)).mean,
      standardError: Math.hypot(...differences.map(({ standardError }) => standardError)) / rows.length,
    };
    return pad(
      [
        i === 0 ? label : '',
        search,
        decimals(of(({ score }) => score.mean)),
        i === 0 ? '' : withError(difference),
        decimals(of(({ seedScore }) => seedScore)),
        decimals(
          of(({ worse }) => worse),
          3,
        ),
        decimals(
          of(({ bias }) => bias.mean),
          3,
        ),
      ],
      widths,
    );
  });
}

const startedAt = performance.now();
const print = values.json ? () => {} : console.log;
print(`Simulated tasks, scripted proposers, no model; ${seeds.length} paired seeds per family.\n`);
print(pad(header, widths));
const rows: Row[] = [];
for (const family of chosen) {
  const row = await measure(family);
  rows.push(row);
  print(lines(row).join('\n'));
}
const at600 = rows.filter(({ family }) => (budget ?? family.budget) === 600);
print(['', ...overall('mean', rows), ...overall('mean at 600', at600)].join('\n'));
print(`\n${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
if (values.json) {
  const families = rows.map(({ family: { name, description, budget: own }, runs }) => ({
    name,
    description,
    budget: budget ?? own,
    searches: searchNames.map((search) => ({
      search,
      ...summarize(runs[search]!),
      difference: pairedDifference(runs[search]!, runs[searchNames[0]!]!),
      runs: runs[search],
    })),
  }));
  console.log(JSON.stringify(families));
}
