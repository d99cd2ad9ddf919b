import { address } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { formatCount, visible } from '../parts/format.ts';
import { statusWords } from '../parts/marks.tsx';

const order = ['accepted', 'rejected', 'refused', 'skipped', 'open'] as const;
type Fate = (typeof order)[number];

/** The numbers of proposals by outcome, in all and by component. */
export function Fates({ run }: { run: Run }) {
  const { proposals, about } = run.data;
  if (proposals.length === 0) return <p class="quiet">No proposal yet.</p>;
  const names = about.components.map(({ name }) => name);
  const rows = [
    { name: undefined, counts: count(run, undefined) },
    ...(names.length > 1 ? names.map((name) => ({ name, counts: count(run, name) })) : []),
  ];
  const most = Math.max(...rows.map(({ counts }) => sum(counts)));
  return (
    <>
      <div class="scroll-x">
        <table class="fates">
          <thead>
            <tr>
              <th scope="col">Component</th>
              {order.map((fate) => (
                <th scope="col" class="number">
                  {statusWords[fate]}
                </th>
              ))}
              <th scope="col">
                <span class="sr-only">Shares</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, counts }) => (
              <tr>
                <th scope="row">{name === undefined ? 'all' : <code>{visible(name)}</code>}</th>
                {order.map((fate) => (
                  <td class="number">
                    {counts[fate] === 0 ? (
                      <span class="quiet">0</span>
                    ) : (
                      <a href={address('proposals', { status: fate, component: name })}>
                        {formatCount(counts[fate])}
                      </a>
                    )}
                  </td>
                ))}
                <td class="bar-cell">
                  <Bar counts={counts} most={most} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Reasons run={run} />
    </>
  );
}

function Bar({ counts, most }: { counts: Record<Fate, number>; most: number }) {
  return (
    <span class="bar" aria-hidden="true">
      {/* The border of an empty part would show. */}
      {order
        .filter((fate) => counts[fate] > 0)
        .map((fate) => (
          <span
            class={`bar-part ${fate}`}
            style={{ width: `${(100 * counts[fate]) / Math.max(1, most)}%` }}
          />
        ))}
    </span>
  );
}

const words: Readonly<Record<string, string>> = {
  unread: 'no component was read',
  cut_off: 'the answer was cut off',
  empty: 'the answer was empty',
  no_text: 'the answer was not a text',
  too_long: 'the text was too long',
  lost_placeholder: 'a variable was lost',
  invented_placeholder: 'a variable was invented',
  refused: '`validate` refused the text',
  copied: 'training examples were copied',
  unchanged: 'the text did not change',
  duplicate: 'the same as a known candidate',
  proposer_failed: 'the proposer failed',
  unavailable: 'the provider was unavailable',
};

export const reasonInWords = (reason: string): string => words[reason] ?? reason;

/** Why a proposal led to no candidate, in a few words. */
export function reasonOf({
  status,
  reason,
  before,
  after,
}: Run['data']['proposals'][number]): string | undefined {
  if (status === 'refused') return reasonInWords(reason ?? 'refused');
  if (status === 'rejected') return rejection(before, after);
  return status === 'skipped' ? 'the parent was perfect on the minibatch' : undefined;
}

function Reasons({ run }: { run: Run }) {
  const counts = new Map<string, number>();
  for (const proposal of run.data.proposals) {
    const why = reasonOf(proposal);
    if (why !== undefined) counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  return (
    <ul class="reasons">
      {[...counts]
        .sort((a, b) => b[1] - a[1])
        .map(([why, n]) => (
          <li>
            <strong>{formatCount(n)} ×</strong> {why}
          </li>
        ))}
    </ul>
  );
}

const total = (scores: readonly number[]): number => scores.reduce((sum, score) => sum + score, 0);

function rejection(before: readonly number[], after: readonly number[]): string {
  const change = total(after) - total(before);
  if (change > 0) return 'better on its minibatch, but not enough or not selected';
  return change < 0 ? 'worse on its minibatch' : 'no better on its minibatch';
}

/**
 * The outcome of a proposal, or of its text for one component, which can be refused while others are tested. Undefined when
 * the proposal was not about the component.
 */
export function fateOf(
  { status, components, refused }: Run['data']['proposals'][number],
  component: string | undefined,
): Fate | undefined {
  if (component === undefined || components.includes(component)) return status;
  return refused?.[component] === undefined ? undefined : 'refused';
}

function count({ data }: Run, component: string | undefined): Record<Fate, number> {
  const counts = { accepted: 0, rejected: 0, refused: 0, skipped: 0, open: 0 };
  for (const proposal of data.proposals) {
    const fate = fateOf(proposal, component);
    if (fate !== undefined) counts[fate]++;
  }
  return counts;
}

const sum = (counts: Record<Fate, number>): number => order.reduce((sum, fate) => sum + counts[fate], 0);
