export { describeStopReason } from '../../../gepa-core/src/report/stop-reason.ts';
export {
  countOf,
  formatCompact,
  formatCount,
  formatDuration,
  formatGain,
  formatPercent,
  formatScore,
  formatUsd,
  UNKNOWN,
} from '../../../gepa-core/src/text/format.ts';
export { visible } from '../../../gepa-core/src/text/visible.ts';

/** `2026-11-29 00:15` in the reader's own time zone. */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
