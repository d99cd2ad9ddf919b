export type { OutputStream } from './colors.ts';
export { supportsColor } from './colors.ts';
export {
  type DescribeComponentsOptions,
  describeComponents,
  type SkippedPart,
} from './components.ts';
export { type DiffOptions, diffCandidates, diffTexts } from './diff.ts';
export { type DescribeEstimateOptions, describeEstimate } from './estimate.ts';
export { type SummaryOptions, summarize } from './summary.ts';
export { type TerminalProgressOptions, terminalProgress } from './terminal-progress.ts';
