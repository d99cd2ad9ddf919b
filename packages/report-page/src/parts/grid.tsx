import { useEffect, useRef, useState } from 'preact/hooks';
import { address } from '../data/route.ts';
import type { Row } from '../data/rows.ts';
import type { Run } from '../data/run.ts';
import { formatScore, visible } from './format.ts';
import { shade } from './marks.tsx';
import { useVirtual } from './use-virtual.ts';

const ROW = 28;
const COLUMN = 44;
/** Names need more room than numbers. */
const NAMED_COLUMN = 104;

/** Scores of candidates (columns) on examples (rows); only the cells in view exist. One cell has the focus. */
export function Grid(props: {
  run: Run;
  rows: readonly Row[];
  columns: readonly number[];
  a: number;
  b: number;
}) {
  const { run, rows, columns, a, b } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const hasMoved = useRef(false);
  // The next key may be pressed before the page is drawn again.
  const latest = useRef({ row: 0, column: 0 });
  const [active, setActive] = useState(latest.current);
  const element = () => scroller.current;
  const vertical = useVirtual({ count: rows.length, size: ROW, element });
  const columnWidth = run.isEvaluation ? NAMED_COLUMN : COLUMN;
  const horizontal = useVirtual({ count: columns.length, size: columnWidth, element, horizontal: true });
  const within = (at: { row: number; column: number }) => ({
    row: Math.max(0, Math.min(rows.length - 1, at.row)),
    column: Math.max(0, Math.min(columns.length - 1, at.column)),
  });
  const { row, column } = within(active);

  // After each move of the focus, once the cell exists. A further key may have been pressed before this effect.
  useEffect(() => {
    if (!hasMoved.current) return;
    const { row, column } = latest.current;
    const cell = scroller.current?.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`);
    if (cell === null || cell === undefined) return;
    hasMoved.current = false;
    cell.focus({ preventScroll: true });
  });

  const open = (at: { row: number; column: number }) => {
    const example = run.data.valset[rows[at.row]!.position]!;
    const candidate = columns[at.column]!;
    // The other candidate of the comparison: the seed, or the candidate that the seed is compared with.
    location.hash = address(`examples/${example}`, { a, b: candidate === a ? b : candidate });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / ROW) - 2);
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageUp: [-page, 0],
      PageDown: [page, 0],
      Home: event.ctrlKey ? [-rows.length, -columns.length] : [0, -columns.length],
      End: event.ctrlKey ? [rows.length, columns.length] : [0, columns.length],
    };
    const move = moves[event.key];
    const from = within(latest.current);
    if (event.key === 'Enter' && rows.length > 0) return open(from);
    if (move === undefined) return;
    event.preventDefault();
    const next = within({ row: from.row + move[0], column: from.column + move[1] });
    latest.current = next;
    hasMoved.current = true;
    setActive(next);
    vertical.show(next.row);
    horizontal.show(next.column);
  };
  const onClick = (event: MouseEvent) => {
    const cell = (event.target as Element).closest<HTMLElement>('[data-row]');
    if (cell !== null) open({ row: Number(cell.dataset.row), column: Number(cell.dataset.column) });
  };
  const top = Math.max(run.right, Number.MIN_VALUE);
  const letter = (candidate: number) => (candidate === a ? 'A' : candidate === b ? 'B' : '');
  return (
    <div
      class="grid"
      role="grid"
      aria-label="Scores of candidates on examples"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + 1}
      tabIndex={-1}
      // Few candidates leave room for more of the inputs.
      style={{
        '--grid-column': `${columnWidth}px`,
        '--grid-label': `clamp(var(--grid-least), calc(min(100vw, 84rem) - 5rem - ${horizontal.total}px), 44rem)`,
      }}
      ref={scroller}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <div
        class="grid-head"
        role="row"
        aria-rowindex={1}
        style={{ width: `calc(var(--grid-label) + ${horizontal.total}px)` }}
      >
        <div class="grid-corner" role="columnheader" aria-colindex={1}>
          Example
        </div>
        {horizontal.items.map(({ index, start }) => {
          const candidate = columns[index]!;
          return (
            <div
              role="columnheader"
              aria-colindex={index + 2}
              key={index}
              class={`grid-column ${letter(candidate)}`}
              style={{ transform: `translateX(${start}px)` }}
            >
              <a
                href={address(`candidates/${candidate}`)}
                tabIndex={-1}
                aria-label={run.nameOf(candidate)}
                title={run.nameOf(candidate)}
              >
                {run.labelOf(candidate)}
                {run.isBest(candidate) && candidate !== 0 ? '★' : ''}
              </a>
              <span class="letter">{letter(candidate)}</span>
            </div>
          );
        })}
      </div>
      <div
        role="rowgroup"
        class="grid-body"
        style={{ height: `${vertical.total}px`, width: `calc(var(--grid-label) + ${horizontal.total}px)` }}
      >
        {vertical.items.map(({ index: r, start: y }) => {
          const { position } = rows[r]!;
          const example = run.data.valset[position]!;
          const { id, preview } = run.data.examples[example] ?? { id: String(example), preview: '' };
          return (
            <div
              role="row"
              key={r}
              aria-rowindex={r + 2}
              class="grid-row"
              style={{ transform: `translateY(${y}px)` }}
            >
              <div role="rowheader" aria-colindex={1} class="grid-label">
                <a href={address(`examples/${example}`, { a, b })} tabIndex={-1} title={visible(preview)}>
                  {visible(id)}
                </a>{' '}
                <span class="quiet">{visible(preview)}</span>
              </div>
              {horizontal.items.map(({ index: c, start: x }) => {
                const candidate = columns[c]!;
                const score = run.score(candidate, position);
                const isUnknown = Number.isNaN(score);
                const failed = run.hasFailed(candidate, position);
                const words = isUnknown ? 'not run' : `${formatScore(score)}${failed ? ', failed' : ''}`;
                return (
                  <div
                    role="gridcell"
                    key={c}
                    aria-colindex={c + 2}
                    data-row={r}
                    data-column={c}
                    tabIndex={r === row && c === column ? 0 : -1}
                    aria-label={`${visible(id)}, ${run.nameOf(candidate)}: ${words}`}
                    class={`cell ${isUnknown ? 'unknown' : `shade-${shade(score, top)}`}${failed ? ' failed' : ''}`}
                    style={{ transform: `translateX(${x}px)` }}
                  >
                    {isUnknown ? '' : failed ? '✕' : short(score)}
                  </div>
                );
              })}
            </div>
          );
        })}
        {rows.length === 0 && <p class="quiet empty">No example fits.</p>}
      </div>
    </div>
  );
}

/** `1`, `.5`, `.33`: a cell has room for three characters. */
const short = (score: number): string =>
  Number.isInteger(score)
    ? String(score)
    : score
        .toFixed(2)
        .replace(/^(-?)0/, '$1')
        .replace(/0$/, '');
