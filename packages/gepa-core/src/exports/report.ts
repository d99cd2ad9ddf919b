export type { OutputStream } from '../report/colors.ts';
export { supportsColor } from '../report/colors.ts';
export {
  type DescribeComponentsOptions,
  describeComponents,
  type SkippedPart,
} from '../report/components.ts';
export { type DiffOptions, diffCandidates, diffTexts } from '../report/diff.ts';
export { type DescribeEstimateOptions, describeEstimate } from '../report/estimate.ts';
export { type SummaryOptions, summarize } from '../report/summary.ts';
export { type TerminalProgressOptions, terminalProgress } from '../report/terminal-progress.ts';
