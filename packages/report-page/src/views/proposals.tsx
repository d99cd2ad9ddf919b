import { address, change, route } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { Diff } from '../parts/diff.tsx';
import { countOf, visible } from '../parts/format.ts';
import { CandidateLink, Gain, Status, statusWords } from '../parts/marks.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import { Fates, fateOf, reasonOf } from './fates.tsx';
import { Origin } from './origin.tsx';

type Proposal = Run['data']['proposals'][number];

const total = (scores: readonly number[]): number => scores.reduce((sum, score) => sum + score, 0);
const changeOf = ({ before, after }: Proposal): number =>
  after.length === 0 ? Number.NaN : (total(after) - total(before)) / after.length;

export function Proposals({ run }: { run: Run }) {
  const { query } = route.value;
  const [status, component] = [query.get('status') ?? '', query.get('component') ?? ''];
  const rows = run.data.proposals.filter((proposal) => {
    const fate = fateOf(proposal, component || undefined);
    return fate !== undefined && (status === '' || fate === status);
  });
  return (
    <>
      <h1>{proposalsInWords(run)}</h1>
      <Fates run={run} />
      <div class="tools">
        <label class="field">
          <span>Show</span>
          <select
            aria-label="Show"
            value={status}
            onChange={(event) => change({ status: event.currentTarget.value })}
          >
            <option value="">all</option>
            {Object.entries(statusWords).map(([value, word]) => (
              <option value={value}>{word}</option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Component</span>
          <select
            aria-label="Component"
            value={component}
            onChange={(event) => change({ component: event.currentTarget.value })}
          >
            <option value="">all</option>
            {run.data.about.components.map(({ name }) => (
              <option value={name}>{visible(name)}</option>
            ))}
          </select>
        </label>
        <p class="quiet" role="status">
          {countOf(rows.length, 'row')}
        </p>
      </div>
      <Table
        label="Proposals"
        rows={rows}
        columns={columns(run)}
        rowHref={({ number }) => address(`proposals/${number}`)}
      />
    </>
  );
}

/** Counts proposals. A task whose parent was perfect on the minibatch has a number, but no proposal. */
function proposalsInWords({ data: { proposals } }: Run): string {
  const skipped = proposals.filter(({ status }) => status === 'skipped').length;
  const made = countOf(proposals.length - skipped, 'proposal');
  return skipped === 0 ? made : `${made}; ${countOf(skipped, 'task')} skipped`;
}

function columns(run: Run): Column<Proposal>[] {
  return [
    {
      id: 'number',
      title: '#',
      width: '4rem',
      by: ({ number }) => number,
      cell: ({ number }) => `P${number}`,
    },
    {
      id: 'status',
      title: 'Status',
      width: '7.5rem',
      by: ({ status }) => status,
      cell: ({ status }) => <Status status={status} />,
    },
    {
      id: 'change',
      title: 'Minibatch',
      width: '6.5rem',
      isNumber: true,
      by: changeOf,
      cell: (proposal) => <Gain value={changeOf(proposal)} />,
    },
    {
      id: 'parent',
      title: 'Parent',
      width: '6.5rem',
      cell: ({ parents }) =>
        parents.map((parent, i) => (
          <>
            {i > 0 && ' + '}
            <CandidateLink run={run} index={parent} />
          </>
        )),
    },
    {
      id: 'became',
      title: 'Became',
      width: '6.5rem',
      cell: ({ candidate }) => (candidate === undefined ? '' : <CandidateLink run={run} index={candidate} />),
    },
    {
      id: 'iteration',
      title: 'Iteration',
      width: '5.5rem',
      isNumber: true,
      by: ({ iteration }) => iteration,
      cell: ({ iteration }) => iteration,
    },
    {
      id: 'components',
      title: 'New text in',
      width: 'minmax(9rem, 1fr)',
      cell: ({ components }) => components.map((name) => <code class="name">{visible(name)}</code>),
    },
    {
      id: 'reason',
      title: 'Reason',
      width: 'minmax(12rem, 2fr)',
      cell: (proposal) => (
        <span class="quiet" title={proposal.message === undefined ? undefined : visible(proposal.message)}>
          {reasonOf(proposal) ?? ''}
        </span>
      ),
    },
  ];
}

export function ProposalPage({ run, number }: { run: Run; number: number }) {
  const proposal = run.data.proposals[number - 1];
  if (proposal === undefined) return <p>There is no proposal {number} in this run.</p>;
  const { parents, candidate, texts = {}, iteration } = proposal;
  const parent = parents[0] === undefined ? undefined : run.candidate(parents[0]);
  return (
    <>
      <h1>Proposal {number}</h1>
      <p class="facts">
        {proposal.kind === 'merge' ? 'A merge of ' : 'New texts for '}
        {parents.map((index, i) => (
          <>
            {i > 0 && ' and '}
            <CandidateLink run={run} index={index} />
          </>
        ))}{' '}
        in iteration {iteration}.
        {candidate !== undefined && (
          <>
            {' '}
            It became <CandidateLink run={run} index={candidate} />.
          </>
        )}
      </p>
      <Origin run={run} proposal={proposal} />
      <section>
        <h2>Texts, against the parent</h2>
        {Object.keys(texts).length === 0 && <p class="quiet">There is no usable text.</p>}
        {Object.entries(texts).map(([name, text]) => (
          <>
            <h3 class="component">{visible(name)}</h3>
            {parent === undefined ? (
              <Text value={text} label={name} />
            ) : (
              <Diff before={parent.texts[name] ?? ''} after={text ?? ''} />
            )}
          </>
        ))}
      </section>
    </>
  );
}
