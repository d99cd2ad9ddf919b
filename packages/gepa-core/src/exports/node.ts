export { type ExampleSchema, type ReadOptions, readCsv, readJsonl } from '../data/files.ts';
export type { RowOptions } from '../data/rows.ts';
export { type Interrupt, interruptible } from '../node/interrupt.ts';
export { stopFile } from '../node/stop-file.ts';
export { type ReportOptions, writeReport } from '../report-file/write-report.ts';
export { RunReader, readRun } from '../run-data/read-run.ts';
export type * from '../run-data/run-data.ts';
