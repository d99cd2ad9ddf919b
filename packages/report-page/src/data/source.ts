import type { ExampleDetail, PageData, ScoreMatrix } from '../../../gepa-core/src/report-file/page-data.ts';
import type { ReflectionDetail } from '../../../gepa-core/src/run-data/run-data.ts';

/** The source of the run's data: the blocks of the page's own file, or `gepa watch`. */
export interface Source {
  readonly isLive: boolean;
  /** The data of the run; undefined before it has started. */
  first(): Promise<{ data: PageData; matrix: ScoreMatrix } | undefined>;
  example(number: number): Promise<ExampleDetail>;
  reflection(number: number): Promise<ReflectionDetail>;
  /** Calls back when the run has changed, or when the connection is lost or back. */
  subscribe(listener: { changed(): void; connected(isConnected: boolean): void }): void;
}
