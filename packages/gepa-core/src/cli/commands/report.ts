import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { sourceOf } from '../../report-file/details.ts';
import { writeReportFile } from '../../report-file/write-report.ts';
import { countOf, formatCount } from '../../text/format.ts';
import { visibleJson } from '../../text/visible.ts';
import { type Command, textOf } from '../command.ts';
import { openRun } from '../run-argument.ts';
import { UsageError } from '../usage-error.ts';

export const report: Command = {
  name: 'report',
  usage: 'RUN [-o FILE] [--max-mb N] [--json]',
  summary: 'Writes a run into one HTML file that opens from disk',
  help: [
    ['-o, --output FILE', 'the file; default report.html in the run directory'],
    ['--max-mb N', 'the most megabytes of outputs and traces, before compression; default 300'],
    ['--json', 'prints the path and size as JSON'],
  ],
  options: {
    output: { type: 'string', short: 'o' },
    'max-mb': { type: 'string' },
    json: { type: 'boolean' },
  },
  arguments: [1, 1],
  async run(call, { out }) {
    const [run = ''] = call.positionals;
    const path = resolve(textOf(call, 'output') ?? `${run}/report.html`);
    const megabytes = Number(textOf(call, 'max-mb') ?? 300);
    if (!(megabytes >= 0)) throw new UsageError('--max-mb takes a number.');
    const source = sourceOf(openRun(run));
    await writeReportFile(path, source, { maxDetailBytes: megabytes * 1e6 });
    const { size } = statSync(path);
    const candidates = source.data.candidates.length;
    out(
      call.values.json
        ? visibleJson({ path, bytes: size })
        : `${path}: ${countOf(candidates, 'candidate')}, ${formatCount(Math.ceil(size / 1000))} kB`,
    );
  },
};
