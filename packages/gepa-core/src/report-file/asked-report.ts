import { nextTurn } from '../calls/next-turn.ts';
import { FileAccessError, OptionsError } from '../errors.ts';
import { fileProblem } from '../node/file-problem.ts';
import { tryWriting } from '../node/try-writing.ts';
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

/**
 * Checks the path of the report before the run, which may take hours.
 *
 * @throws {FileAccessError} when the report cannot be written there.
 * @throws {OptionsError} when this package is bundled, without the page beside it.
 */
export async function checkAskedReport({ report }: { readonly report?: string }): Promise<void> {
  if (report === undefined) return;
  try {
    await import(ENTRY);
  } catch (error) {
    throw new OptionsError(
      [
        `The option "report" needs the package gepa-core in node_modules, which a bundle does not contain: leave gepa-core out of the bundle, or set \`runDir\` and write the report with \`npx gepa report\`. (${messageOf(error)})`,
      ],
      { cause: error },
    );
  }
  try {
    tryWriting(report);
  } catch (error) {
    throw new FileAccessError(
      `The report cannot be written to ${report}: ${fileProblem(error)}. Give the path of a file in a folder that can be written. Nothing was spent.`,
      { cause: error },
    );
  }
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
