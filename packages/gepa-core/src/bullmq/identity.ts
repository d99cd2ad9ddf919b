import type { Adapter } from '../adapter/adapter.ts';
import {
  componentDifferences,
  componentDigests,
  metricDigest,
  programChanges,
  programIdentityOf,
} from '../journal/fingerprint.ts';

/** The version of the messages between runs and workers. A run and a worker need the same one. */
const PROTOCOL = 1;

/** What must be equal in a run and its workers. */
export interface Identity {
  readonly protocol: number;
  readonly version?: string;
  /** A digest of each component. */
  readonly components: Readonly<Record<string, string>>;
  /** Program and metric, by name. */
  readonly program: Readonly<Record<string, string>>;
  readonly hasMetric: boolean;
}

const model = 'the task model';

/** @param version Replaces the source of program and metric in the comparison. */
export function identityOf(
  adapter: Pick<Adapter<never, unknown, unknown>, 'components' | 'models' | 'secrets' | 'source' | 'run'>,
  metric: unknown,
  version: string | undefined,
): Identity {
  const program = programIdentityOf({ adapter });
  return {
    protocol: PROTOCOL,
    components: componentDigests(adapter.components),
    hasMetric: metric !== undefined,
    version,
    program:
      version !== undefined
        ? { [model]: program[model]! }
        : metric === undefined
          ? program
          : { ...program, 'the metric': metricDigest(metric) },
  };
}

/** The differences between a run and a worker, each as a clause. */
export function differencesOf(run: Identity, worker: Identity): string[] {
  if (run.protocol !== worker.protocol) return ['its version of gepa-core differs'];
  const versions =
    run.version === worker.version
      ? []
      : [`the version is ${worker.version ?? 'not set'} instead of ${run.version ?? 'not set'}`];
  const metric =
    run.hasMetric && !worker.hasMetric
      ? ["it has no metric; pass `metric` to serveRollouts, or set `metricIn: 'optimizer'` in bullmq()"]
      : [];
  return [
    ...versions,
    ...componentDifferences(run.components, worker.components),
    ...programChanges(run.program, worker.program),
    ...metric,
  ];
}
