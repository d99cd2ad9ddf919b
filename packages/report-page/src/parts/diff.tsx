import { useMemo, useState } from 'preact/hooks';
import { type DiffRow, diffRows } from '../../../gepa-core/src/report/diff-rows.ts';
import { countOf, visible } from './format.ts';

/** The number of unchanged lines around a change. */
const CONTEXT = 3;

/** Two texts, line by line. Marks and strokes show changes without colours. */
export function Diff({ before, after }: { before: string; after: string }) {
  const [isWhole, setWhole] = useState(false);
  const rows = useMemo(() => diffRows(before, after), [before, after]);
  if (before === after) return <p class="quiet">The same text.</p>;
  const parts = isWhole ? [{ rows }] : folded(rows);
  return (
    <div class="diff" role="group" aria-label="Differences">
      {parts.map((part) =>
        'hidden' in part ? (
          <button type="button" class="fold" onClick={() => setWhole(true)}>
            {countOf(part.hidden, 'unchanged line')}
          </button>
        ) : (
          part.rows.map((row) => <Row row={row} />)
        ),
      )}
    </div>
  );
}

function Row({ row }: { row: DiffRow }) {
  if ('parts' in row) {
    return (
      <Line mark="±" kind="changed">
        {row.parts.map(({ kind, text }) =>
          kind === 'removed' ? (
            <del>{visible(text)}</del>
          ) : kind === 'added' ? (
            <ins>{visible(text)}</ins>
          ) : (
            visible(text)
          ),
        )}
      </Line>
    );
  }
  if (row.kind === 'same') return <Line mark=" ">{visible(row.text) || ' '}</Line>;
  if (row.kind === 'removed') {
    return (
      <Line mark="−" kind="removed">
        <del>{visible(row.text) || ' '}</del>
      </Line>
    );
  }
  return (
    <Line mark="+" kind="added">
      <ins>{visible(row.text) || ' '}</ins>
    </Line>
  );
}

function Line({ mark, kind, children }: { mark: string; kind?: string; children: preact.ComponentChildren }) {
  return (
    <div class={`line ${kind ?? ''}`}>
      <span class="mark">{mark}</span>
      <span class="line-text">{children}</span>
    </div>
  );
}

type Part = { readonly rows: readonly DiffRow[] } | { readonly hidden: number };

/** Replaces long sequences of unchanged lines by their number. */
function folded(rows: readonly DiffRow[]): Part[] {
  const isShown = rows.map(() => false);
  rows.forEach((row, i) => {
    if (row.kind === 'same') return;
    for (let j = Math.max(0, i - CONTEXT); j <= Math.min(rows.length - 1, i + CONTEXT); j++)
      isShown[j] = true;
  });
  const parts: Part[] = [];
  for (let i = 0; i < rows.length; ) {
    let end = i;
    while (end < rows.length && isShown[end] === isShown[i]) end++;
    // Do not hide only one or two lines.
    parts.push(isShown[i] || end - i < 3 ? { rows: rows.slice(i, end) } : { hidden: end - i });
    i = end;
  }
  return parts;
}
