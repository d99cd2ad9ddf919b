import { address } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { formatGain, formatScore, UNKNOWN } from './format.ts';

/** The step of the colour scale for a score, 0 to 8; scores outside of 0 to `top` are at its ends. */
export const shade = (score: number, top: number): number =>
  Math.max(0, Math.min(8, Math.round((8 * score) / (top > 0 ? top : 1))));

/** The legend of the colours of scores. */
export function Scale() {
  return (
    <span class="scale" aria-hidden="true">
      {[0, 1, 2, 3, 4, 5, 6, 7, 8].map((step) => (
        <span class={`shade-${step}`} />
      ))}
    </span>
  );
}

export function Score({ value }: { value: number | undefined }) {
  return (
    <span class="number">{value === undefined || Number.isNaN(value) ? UNKNOWN : formatScore(value)}</span>
  );
}

/** A difference with an arrow, so that its sign does not depend on colour. */
export function Gain({ value }: { value: number | undefined }) {
  if (value === undefined || Number.isNaN(value)) return <span class="number quiet">{UNKNOWN}</span>;
  const kind = value > 0 ? 'up' : value < 0 ? 'down' : 'same';
  return (
    <span class={`number gain ${kind}`}>
      {{ up: '▲ ', down: '▼ ', same: '' }[kind]}
      {formatGain(value)}
    </span>
  );
}

export function CandidateLink({ run, index }: { run: Run; index: number }) {
  return (
    <a class="candidate-link" href={address(`candidates/${index}`)}>
      {run.labelOf(index)}
      {run.isBest(index) && index !== 0 && <span class="badge best">best</span>}
    </a>
  );
}

export const statusWords = {
  open: 'in progress',
  skipped: 'skipped',
  refused: 'refused',
  rejected: 'rejected',
  accepted: 'accepted',
} as const;

const statusMarks = { open: '…', skipped: '–', refused: '⊘', rejected: '✕', accepted: '✓' } as const;

export function Status({ status }: { status: keyof typeof statusWords }) {
  return (
    <span class={`status ${status}`}>
      <span aria-hidden="true">{statusMarks[status]}</span> {statusWords[status]}
    </span>
  );
}

/** A choice of candidates. */
export function CandidateSelect(props: {
  run: Run;
  label: string;
  value: string;
  extra?: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
}) {
  const { run, label, value, extra = [], onChange } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {extra.map((option) => (
          <option value={option.value}>{option.label}</option>
        ))}
        {run.data.candidates.map(({ index, mean }) => (
          <option value={String(index)}>
            {run.labelOf(index)}
            {run.isBest(index) && index !== 0 ? ' (best)' : ''} · {formatScore(mean)}
          </option>
        ))}
      </select>
    </label>
  );
}
