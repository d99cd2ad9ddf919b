/** Shown in place of an unknown value. */
export const UNKNOWN = '–';

const scores = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 3,
  maximumFractionDigits: 3,
  signDisplay: 'negative',
});
const gains = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 3,
  maximumFractionDigits: 3,
  signDisplay: 'exceptZero',
});
const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const compactCounts = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const percents = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const smallDollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 4,
});

/** `0.731` */
export const formatScore = (score: number): string => scores.format(score);

/** `+0.219`, `-0.010`, `0.000` */
export const formatGain = (gain: number): string => gains.format(gain);

/** `12,345` */
export const formatCount = (count: number): string => counts.format(count);

/** `950`, `12.3K`, `1.2M` */
export const formatCompact = (count: number): string => compactCounts.format(count);

/** `41%` for 0.41 */
export const formatPercent = (fraction: number): string => percents.format(fraction);

/** `1 candidate`, `1,200 candidates` */
export const countOf = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `$1.24`; four decimals below a cent, so that small runs do not look free. */
export function formatUsd(usd: number): string {
  if (usd <= 0 || usd >= 0.01) return dollars.format(usd);
  return usd < 0.0001 ? `<${smallDollars.format(0.0001)}` : smallDollars.format(usd);
}

/** Formats milliseconds: `0s`, `0.3s`, `42s`, `1m 05s`, `2h 03m` */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return UNKNOWN;
  if (ms < 50) return '0s';
  if (ms < 950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${formatCount(Math.floor(minutes / 60))}h ${twoDigits(minutes % 60)}m`;
}

const twoDigits = (n: number): string => String(n).padStart(2, '0');
