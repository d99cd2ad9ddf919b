import { address, change, numberOf, route } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { Diff } from '../parts/diff.tsx';
import { countOf, formatCount, formatScore, visible } from '../parts/format.ts';
import { CandidateLink, CandidateSelect, Gain } from '../parts/marks.tsx';
import { Text } from '../parts/text.tsx';
import { Origin } from './origin.tsx';

export function CandidatePage({ run, index }: { run: Run; index: number }) {
  const candidate = run.candidate(index);
  if (candidate === undefined) return <p>There is no candidate {index} in this run.</p>;
  const { parents, source, iteration, mean, coverage, metricCalls, proposal } = candidate;
  const children = run.children.get(index) ?? [];
  const keys = run.survivors.get(index);
  return (
    <>
      <h1>
        {run.isEvaluation ? run.labelOf(index) : index === 0 ? 'The seed' : `Candidate ${index}`}
        {run.isBest(index) && <span class="badge best">best</span>}
        {keys !== undefined && <span class="badge">frontier</span>}
      </h1>
      <p class="facts">
        Score <strong>{formatScore(mean)}</strong> on{' '}
        {countOf(coverage, run.isEvaluation ? 'example' : 'validation example')}
        {keys === undefined ? '' : `, best on ${formatCount(keys)} of the frontier's keys`}.{' '}
        {source === 'seed' ? (
          'The program’s own texts.'
        ) : source === 'given' ? (
          run.isEvaluation ? null : (
            'Given in addition to the program’s own texts.'
          )
        ) : (
          <>
            {source === 'merge' ? 'A merge of ' : 'A child of '}
            {parents.map((parent, i) => (
              <>
                {i > 0 && ' and '}
                <CandidateLink run={run} index={parent} />
              </>
            ))}
            , found in iteration {iteration} after {countOf(metricCalls, 'metric call')}.
          </>
        )}
        {children.length > 0 && (
          <>
            {' '}
            Its children:{' '}
            {children.map((child, i) => (
              <>
                {i > 0 && ', '}
                <CandidateLink run={run} index={child} />
              </>
            ))}
            .
          </>
        )}
      </p>
      <Texts run={run} index={index} />
      {proposal !== undefined && run.data.proposals[proposal - 1] !== undefined && (
        <section>
          <h2>How it was made</h2>
          <Origin run={run} proposal={run.data.proposals[proposal - 1]!} />
        </section>
      )}
    </>
  );
}

function Texts({ run, index }: { run: Run; index: number }) {
  const { texts, parents } = run.candidate(index)!;
  const setting =
    route.value.query.get('against') ?? (index === 0 ? 'none' : parents.length === 0 ? '0' : 'parent');
  const other = setting === 'parent' ? parents[0] : numberOf(setting);
  const reference = other === undefined ? undefined : run.candidate(other);
  const names = Object.keys(texts);
  const changed = names.filter((name) => reference !== undefined && reference.texts[name] !== texts[name]);
  const same = names.filter((name) => !changed.includes(name));
  const pair = reference === undefined ? undefined : run.compare(reference.index, index);
  return (
    <section>
      <h2>Texts</h2>
      <div class="tools">
        <CandidateSelect
          run={run}
          label="Compare with"
          value={setting}
          extra={[
            { value: 'none', label: 'nothing: show the texts' },
            ...(parents.length > 0
              ? [{ value: 'parent', label: `its parent (${run.labelOf(parents[0]!)})` }]
              : []),
          ]}
          onChange={(against) => change({ against })}
        />
        {reference !== undefined && pair !== undefined && pair.both > 0 && (
          <p>
            <Gain value={pair.meanB - pair.meanA} /> on {countOf(pair.both, 'common example')}: better on{' '}
            <a href={address('examples', { a: reference.index, b: index, show: 'won' })}>{pair.better}</a>,
            worse on{' '}
            <a href={address('examples', { a: reference.index, b: index, show: 'lost' })}>{pair.worse}</a>,
            equal on {pair.equal}.
          </p>
        )}
      </div>
      {changed.map((name) => (
        <>
          <h3 class="component">{visible(name)}</h3>
          <Diff before={reference!.texts[name] ?? ''} after={texts[name] ?? ''} />
        </>
      ))}
      {same.map((name) => (
        <details open={reference === undefined}>
          <summary>
            <span class="component">{visible(name)}</span>
            {reference !== undefined && <span class="quiet"> unchanged</span>}
          </summary>
          <Text value={texts[name]} label={name} />
        </details>
      ))}
    </section>
  );
}
