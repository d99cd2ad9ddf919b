import type { Pause } from '../calls/pause.ts';
import { type Component, ownValue } from '../component.ts';
import { createMask } from '../masking/mask.ts';
import { builtin } from '../node/builtin.ts';
import { canonicalJson } from '../text/canonical-json.ts';

/** Everything that decides a run besides the outcomes of its calls. A run directory resumes only the same run. */
export interface Fingerprint {
  /** A digest of each component. */
  readonly components: Readonly<Record<string, string>>;
  readonly trainset: DataFingerprint;
  readonly valset: DataFingerprint;
  readonly testset: DataFingerprint;
  /** Options that decide the search, by name. */
  readonly options: Readonly<Record<string, string>>;
  /** A digest of the metric's source, which may change without changing its meaning. */
  readonly metric: string;
  /** The directory of the run that this one continues. */
  readonly continueFrom?: string;
}

/** The parts of a program that runs candidates, by name. After a change, earlier scores are not comparable with new ones. */
export type ProgramIdentity = Readonly<Record<string, string>>;

/** The parts of an adapter that identify a program. */
interface ProgramSource {
  readonly components: Readonly<Record<string, Component>>;
  readonly run: unknown;
  readonly models?: readonly string[];
  readonly secrets?: readonly string[];
  readonly source?: unknown;
}

/** The task models, and the source of the program as far as it is known. */
export function programIdentityOf({ adapter }: { readonly adapter: ProgramSource }): ProgramIdentity {
  const { models = [], secrets = [], source = adapter.run } = adapter;
  return {
    'the task model': createMask({ secrets }).message(models.join(', ')) || 'unknown',
    'the source of the program': digest([String(source)]),
  };
}

/** The changes since an earlier session, each as a clause. */
export function programChanges(was: ProgramIdentity, is: ProgramIdentity): string[] {
  return Object.keys(is)
    .filter((name) => was[name] !== undefined && was[name] !== is[name])
    .map((name) =>
      name === 'the task model' ? `${name} is ${is[name]} instead of ${was[name]}` : `${name} has changed`,
    );
}

interface DataFingerprint {
  readonly size: number;
  readonly digest: string;
  /** A digest of each example, empty for one that is not plain data; older directories have none. */
  readonly examples?: readonly string[];
}

/** Limits, models and listeners may change between sessions; these options may not. */
const searchOptions = [
  'seed',
  'search',
  'candidateSelectionStrategy',
  'componentSelector',
  'batchSampler',
  'samplingStrategy',
  'acceptanceCriterion',
  'selectionStrategy',
  'valEvaluationPolicy',
  'frontierType',
  'reflectionMinibatchSize',
  'skipPerfectScore',
  'perfectScore',
  'failureScore',
  'useMerge',
  'maxMergeInvocations',
  'mergeValOverlapFloor',
  'cacheEvaluation',
  'skipDuplicates',
  'reflectionPromptTemplate',
  'maxLength',
  'validate',
  'maxRecordCharacters',
] as const;

const proposer = 'the proposer';
const givenCandidates = 'the list of seedCandidates';

/** The settings that decide a run. */
type DecidingSettings = { readonly [name in (typeof searchOptions)[number]]?: unknown } & {
  readonly adapter: ProgramSource;
  readonly trainset: readonly unknown[];
  readonly valset: readonly unknown[];
  readonly testset: readonly unknown[];
  readonly metric: unknown;
  readonly reflectionModel?: unknown;
  readonly propose?: unknown;
  readonly seedCandidates: readonly unknown[];
  readonly continueFrom?: string;
};

export async function fingerprintOf(settings: DecidingSettings, pause: Pause): Promise<Fingerprint> {
  const { adapter, trainset, valset, testset, reflectionModel, propose } = settings;
  const train = await withExamples(trainset, pause);
  return {
    components: componentDigests(adapter.components),
    trainset: train,
    valset: valset === trainset ? train : await withExamples(valset, pause),
    testset: await withExamples(testset, pause),
    options: {
      ...Object.fromEntries(
        searchOptions.flatMap((name) =>
          settings[name] === undefined ? [] : [[name, optionAsText(settings[name])]],
        ),
      ),
      ...(settings.seedCandidates.length === 0
        ? {}
        : { [givenCandidates]: digest(settings.seedCandidates).slice(0, 8) }),
      // Another model may resume a run, but a proposer cannot replay answers of a model, nor a model texts of a proposer.
      [proposer]:
        reflectionModel === undefined ? `${propose === undefined ? "the adapter's" : 'your'} own` : 'a model',
    },
    metric: metricDigest(settings.metric),
    continueFrom: settings.continueFrom,
  };
}

/** A digest of each component. */
export function componentDigests(components: ProgramSource['components']): Fingerprint['components'] {
  return Object.fromEntries(
    Object.entries(components).map(([name, { text, variables }]) => [name, digest([text, variables])]),
  );
}

/** The differences, each as part of a sentence. */
export function componentDifferences(
  was: Fingerprint['components'],
  is: Fingerprint['components'],
): string[] {
  const names = (group: Readonly<Record<string, string>>) => Object.keys(group);
  const found: string[] = [];
  for (const name of new Set([...names(was), ...names(is)])) {
    const [before, now] = [ownValue(was, name), ownValue(is, name)];
    if (now === undefined) found.push(`the component ${name} is missing`);
    else if (before === undefined) found.push(`the component ${name} is new`);
    else if (before !== now) found.push(`the text of the component ${name} differs`);
  }
  if (found.length === 0 && names(was).join() !== names(is).join()) {
    found.push('the components are in another order');
  }
  return found;
}

/** The differences, each as part of a sentence. */
export function differences(was: Fingerprint, is: Fingerprint, isEvaluation = false): string[] {
  const found = componentDifferences(was.components, is.components);
  // An evaluation has one set of examples.
  const sets = isEvaluation ? (['trainset'] as const) : (['trainset', 'valset', 'testset'] as const);
  for (const set of sets) {
    const name = isEvaluation ? 'evaluation' : set;
    if (was[set].size !== is[set].size) {
      found.push(`the ${name} has ${is[set].size} examples instead of ${was[set].size}`);
    } else if (was[set].digest !== is[set].digest) found.push(`the ${name} contains other examples`);
  }
  for (const name of [...searchOptions, givenCandidates, proposer]) {
    const [before, now] = [was.options[name], is.options[name]];
    if (name === givenCandidates && before !== now) found.push(otherCandidates(was, is));
    else if (before !== now) found.push(`${name} is ${now ?? 'not set'} instead of ${before ?? 'not set'}`);
  }
  return found;
}

function otherCandidates(was: Fingerprint, is: Fingerprint): string {
  if (was.continueFrom !== is.continueFrom) {
    return `continueFrom is ${is.continueFrom ?? 'not set'} instead of ${was.continueFrom ?? 'not set'}`;
  }
  return is.continueFrom === undefined
    ? 'seedCandidates has other candidates'
    : 'seedCandidates has other candidates, or the run in continueFrom has gone on and found others';
}

export function dataFingerprint(examples: readonly unknown[]): DataFingerprint {
  return { size: examples.length, digest: digest(examples) };
}

/** That of the data set and those of its examples, each of which is read once. */
async function withExamples(examples: readonly unknown[], pause: Pause): Promise<DataFingerprint> {
  const whole = new Digest();
  const each: string[] = [];
  for (const example of examples) {
    await pause();
    const json = canonicalJson(example);
    whole.add(json);
    each.push(json === undefined ? '' : new Digest().add(json).end());
  }
  return { size: examples.length, digest: whole.end(), examples: each };
}

/** `undefined` for an example that is not plain data. */
export function exampleDigest(example: unknown): string | undefined {
  return canonicalJson(example) === undefined ? undefined : digest([example]);
}

export const metricDigest = (metric: unknown): string => digest([String(metric)]);

function digest(values: readonly unknown[]): string {
  const all = new Digest();
  for (const value of values) all.add(canonicalJson(value));
  return all.end();
}

/** Values that are not plain data count by their position only. */
class Digest {
  readonly #hash = builtin('node:crypto', 'leave `runDir` out.').createHash('sha256');

  add(json: string | undefined): this {
    this.#hash.update(`${json ?? '?'}\n`);
    return this;
  }

  end(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}

/** An option as text. Functions and objects with methods are compared by their name and a digest of their source. */
function optionAsText(value: unknown): string {
  if (typeof value === 'function')
    return `the function ${value.name || 'without a name'} (${sourceOf(value)})`;
  return canonicalJson(value) ?? `an object of ${(value as object).constructor.name} (${sourceOf(value)})`;
}

function sourceOf(value: unknown): string {
  if (typeof value === 'function') return digest([String(value)]).slice(0, 8);
  const own = Object.entries(value as object).map(([name, part]) => [
    name,
    typeof part === 'function' ? String(part) : part,
  ]);
  const itsClass = (value as object).constructor;
  return digest([...own, itsClass === Object ? '' : String(itsClass)]).slice(0, 8);
}
