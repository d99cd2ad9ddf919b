import { address, change, route } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { countOf, formatCount, UNKNOWN, visible } from '../parts/format.ts';
import { Lineage } from '../parts/lineage.tsx';
import { Gain, Scale, Score } from '../parts/marks.tsx';
import { type Column, Table } from '../parts/table.tsx';

type Candidate = Run['data']['candidates'][number];

export function Candidates({ run }: { run: Run }) {
  const { candidates } = run.data;
  const showsRejected = route.value.query.get('rejected') === 'yes';
  return (
    <>
      <h1>{countOf(candidates.length, 'candidate')}</h1>
      <div class="tools">
        <label class="check">
          <input
            type="checkbox"
            checked={showsRejected}
            onChange={(event) => change({ rejected: event.currentTarget.checked ? 'yes' : undefined })}
          />
          Show rejected and refused proposals
        </label>
        <ul class="legend">
          <li>
            <span class="key ring" /> Pareto frontier
          </li>
          <li>
            <span class="key diamond" /> merge
          </li>
          <li>★ best</li>
          <li>
            <Scale /> low to high score
          </li>
        </ul>
      </div>
      <Lineage run={run} showsRejected={showsRejected} />
      <p class="quiet">
        “vs parent” is the mean difference to the first parent, on the validation examples that both were
        scored on. “Best on” counts the keys of the Pareto frontier, and “at call” the metric calls made
        before its validation.
      </p>
      <Table
        label="Candidates"
        rows={candidates}
        columns={columns(run)}
        rowHref={({ index }) => address(`candidates/${index}`)}
        isMarked={({ index }) => run.isBest(index)}
      />
    </>
  );
}

function columns(run: Run): Column<Candidate>[] {
  const parentOf = ({ parents }: Candidate) =>
    parents[0] === undefined ? undefined : run.data.candidates[parents[0]];
  const gainOf = (candidate: Candidate) => {
    const parent = parentOf(candidate);
    if (parent === undefined) return Number.NaN;
    const { both, meanA, meanB } = pairOf(run, parent.index, candidate.index);
    return both === 0 ? Number.NaN : meanB - meanA;
  };
  const changedIn = (candidate: Candidate) => {
    const parent = parentOf(candidate);
    return Object.keys(candidate.texts).filter((name) => candidate.texts[name] !== parent?.texts[name]);
  };
  return [
    {
      id: 'number',
      title: '#',
      width: '6.5rem',
      by: ({ index }) => index,
      cell: ({ index }) => (
        <>
          {run.labelOf(index)}
          {run.isBest(index) && <span class="badge best">best</span>}
        </>
      ),
    },
    {
      id: 'score',
      title: 'Score',
      width: '5rem',
      isNumber: true,
      by: ({ mean }) => mean,
      cell: ({ mean }) => <Score value={mean} />,
    },
    {
      id: 'gain',
      title: 'vs parent',
      width: '6.5rem',
      isNumber: true,
      by: gainOf,
      cell: (candidate) => <Gain value={gainOf(candidate)} />,
    },
    {
      id: 'examples',
      title: 'Examples',
      width: '6rem',
      isNumber: true,
      by: ({ coverage }) => coverage,
      cell: ({ coverage }) => formatCount(coverage),
    },
    {
      id: 'frontier',
      title: 'Best on',
      width: '5.5rem',
      isNumber: true,
      by: ({ index }) => run.survivors.get(index) ?? 0,
      cell: ({ index }) => run.survivors.get(index) ?? <span class="quiet">{UNKNOWN}</span>,
    },
    {
      id: 'calls',
      title: 'At call',
      width: '5.5rem',
      isNumber: true,
      by: ({ metricCalls }) => metricCalls,
      cell: ({ metricCalls }) => formatCount(metricCalls),
    },
    {
      id: 'from',
      title: 'From',
      width: '7rem',
      cell: ({ parents }) =>
        parents.map((parent, i) => (
          <>
            {i > 0 && ' + '}
            <a href={address(`candidates/${parent}`)}>{run.labelOf(parent)}</a>
          </>
        )),
    },
    {
      id: 'changed',
      title: 'New text in',
      width: 'minmax(12rem, 1fr)',
      cell: (candidate) =>
        candidate.index === 0
          ? ''
          : changedIn(candidate).map((name) => <code class="name">{visible(name)}</code>),
    },
  ];
}

const pairs = new WeakMap<Run, Map<string, ReturnType<Run['compare']>>>();

/** Caches comparisons, which each rendering needs. */
function pairOf(run: Run, a: number, b: number): ReturnType<Run['compare']> {
  const known = pairs.get(run) ?? new Map<string, ReturnType<Run['compare']>>();
  pairs.set(run, known);
  const key = `${a}:${b}`;
  const found = known.get(key) ?? run.compare(a, b);
  known.set(key, found);
  return found;
}
