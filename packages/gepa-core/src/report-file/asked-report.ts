import { nextTurn } from '../calls/next-turn.ts';
import type { OptimizationResult } from '../result.ts';
import { messageOf } from '../text/error-message.ts';

/**
 * A variable, so that bundlers leave the module out: a bundle cannot contain the page, and Node finds the entry with the
 * page beside it.
 */
const ENTRY: string = 'gepa-core/node';

interface NodeEntry {
  writeReport(run: string | OptimizationResult, path: string): Promise<void>;
}

/** Writes the report that the options ask for. A failure does not lose the result. */
export async function writeAskedReport<Name extends string>(
  { report, runDir }: { readonly report?: string; readonly runDir?: string },
  result: OptimizationResult<Name>,
  warn: (message: string) => void,
): Promise<void> {
  if (report === undefined) return;
  try {
    // Let the last events reach the disk.
    await nextTurn();
    const { writeReport } = (await import(ENTRY)) as NodeEntry;
    await writeReport(runDir ?? result, report);
  } catch (error) {
    warn(`The report was not written: ${messageOf(error)}`);
  }
}
