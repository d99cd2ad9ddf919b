import { useMemo } from 'preact/hooks';
import { verdictOfComparison } from '../../../gepa-core/src/report-file/verdict.ts';
import { type Comparison, compareEvaluations } from '../../../gepa-core/src/statistics/compare.ts';
import { address, change, numberOf, route } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { Diff } from '../parts/diff.tsx';
import {
  countOf,
  describeStopReason,
  formatCount,
  formatDuration,
  formatGain,
  formatScore,
  formatUsd,
  UNKNOWN,
  visible,
} from '../parts/format.ts';
import { CandidateLink, CandidateSelect, Gain, Score } from '../parts/marks.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import { Tile } from '../parts/tile.tsx';
import { VerdictBox } from '../parts/verdict-box.tsx';
import { Warnings } from './warnings.tsx';

/** The candidates of an evaluation, and two of them compared example by example. */
export function ComparisonPage({ run }: { run: Run }) {
  const { query } = route.value;
  const a = run.indexOr(numberOf(query.get('a')), 0);
  const b = run.indexOr(numberOf(query.get('b')), run.best);
  const comparison = useMemo(
    () => (a === b ? undefined : compareEvaluations(run.compared(a), run.compared(b))),
    [run, a, b],
  );
  return (
    <>
      <Verdict run={run} comparison={comparison} />
      <section>
        <h2>{countOf(run.data.candidates.length, 'candidate')}</h2>
        <CandidateTable run={run} />
      </section>
      {run.data.candidates.length > 1 && (
        <section>
          <h2>Two candidates, example by example</h2>
          <div class="tools">
            <CandidateSelect run={run} label="A" value={String(a)} onChange={(a) => change({ a })} />
            <CandidateSelect run={run} label="B" value={String(b)} onChange={(b) => change({ b })} />
          </div>
          {comparison === undefined ? (
            <p class="quiet">A and B are the same candidate. Choose another one.</p>
          ) : (
            <Pair run={run} a={a} b={b} comparison={comparison} />
          )}
        </section>
      )}
      <Warnings run={run} />
      <TextChanges run={run} a={a} b={b} />
    </>
  );
}

function Verdict({ run, comparison }: { run: Run; comparison: Comparison | undefined }) {
  const { state, stopReason, candidates } = run.data;
  const [only] = candidates;
  const verdict =
    comparison === undefined || comparison.size === 0
      ? { kind: 'none' as const, sentence: soloSentence(run, comparison) }
      : verdictOfComparison(comparison);
  return (
    <VerdictBox verdict={verdict}>
      {comparison !== undefined && comparison.size > 0 && (
        <p class="quiet">
          Difference {formatGain(comparison.difference)} on {countOf(comparison.size, 'example')}; 95%
          interval {formatGain(comparison.interval[0])} to {formatGain(comparison.interval[1])}.
        </p>
      )}
      {state === 'running' && <p class="quiet">The evaluation goes on.</p>}
      {stopReason !== undefined && stopReason !== 'evaluated' && only !== undefined && (
        <p class="quiet">Not every example was scored: {describeStopReason(stopReason)}.</p>
      )}
      {state === 'interrupted' && (
        <p class="quiet">Interrupted: the same call with the same run directory goes on.</p>
      )}
    </VerdictBox>
  );
}

/** The sentence at the top when fewer than two candidates can be compared. */
function soloSentence(run: Run, comparison: Comparison | undefined): string {
  if (comparison !== undefined) return verdictOfComparison(comparison).sentence;
  const [only] = run.data.candidates;
  if (only === undefined || only.coverage === 0) return 'Nothing is scored yet.';
  if (run.data.candidates.length > 1) return 'Choose two different candidates to compare.';
  const [low, high] = only.evaluated!.interval;
  return `${run.nameOf(0)} scores ${formatScore(only.mean)} on ${countOf(only.coverage, 'example')}; 95% interval ${formatScore(low)} to ${formatScore(high)}.`;
}

function CandidateTable({ run }: { run: Run }) {
  const { candidates } = run.data;
  const ends = candidates.flatMap(({ evaluated }) => [...evaluated!.interval]);
  const [low, high] = [Math.min(0, ...ends), Math.max(run.right, ...ends)];
  const percent = (score: number) => (100 * (score - low)) / (high - low || 1);
  return (
    <div class="scroll-x">
      <table class="evaluated">
        <thead>
          <tr>
            <th scope="col">Candidate</th>
            <th scope="col" class="number">
              Score
            </th>
            <th scope="col">95% interval</th>
            {['Examples', 'Failed', 'Cost', 'Per run', 'Characters'].map((title) => (
              <th scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {candidates.map(({ index, mean, coverage, failed = 0, evaluated }) => {
            const { interval, usage, meanDurationMs } = evaluated!;
            return (
              <tr>
                <th scope="row">
                  <CandidateLink run={run} index={index} />
                </th>
                <td class="number">
                  <strong>{coverage === 0 ? UNKNOWN : formatScore(mean)}</strong>
                </td>
                <td>
                  {coverage > 0 && (
                    <>
                      <span class="range" aria-hidden="true">
                        <span
                          class="range-bar"
                          style={{
                            left: `${percent(interval[0])}%`,
                            width: `${percent(interval[1]) - percent(interval[0])}%`,
                          }}
                        />
                        <span class="range-mean" style={{ left: `${percent(mean)}%` }} />
                      </span>{' '}
                      <span class="nowrap">
                        {formatScore(interval[0])} to {formatScore(interval[1])}
                      </span>
                    </>
                  )}
                </td>
                <td class="number">{formatCount(coverage)}</td>
                <td class="number">
                  {failed === 0 ? (
                    0
                  ) : (
                    <a href={address('examples', { b: index, show: 'failed' })}>{formatCount(failed)}</a>
                  )}
                </td>
                <td class="number">{usage.costUsd === undefined ? UNKNOWN : formatUsd(usage.costUsd)}</td>
                <td class="number">{formatDuration(meanDurationMs)}</td>
                <td class="number">{formatCount(run.compared(index).characters)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Pair({ run, a, b, comparison }: { run: Run; a: number; b: number; comparison: Comparison }) {
  const { wins, losses, ties, costUsd, characters, difference, interval, size } = comparison;
  const usd = (value: number | undefined) => (value === undefined ? UNKNOWN : formatUsd(value));
  const show = (filter: string) => address('examples', { a, b, show: filter });
  return (
    <>
      <dl class="tiles">
        <Tile name={`B − A on ${countOf(size, 'example')}`}>
          <strong>
            <Gain value={difference} />
          </strong>
          <span class="quiet">
            95% interval {formatGain(interval[0])} to {formatGain(interval[1])}
          </span>
        </Tile>
        <Tile name="B is better on">
          <strong>
            <a href={show('better')}>{formatCount(wins)}</a>
          </strong>
          <span class="quiet">wins</span>
        </Tile>
        <Tile name="B is worse on">
          <strong>
            <a href={show('worse')}>{formatCount(losses)}</a>
          </strong>
          <span class="quiet">losses</span>
        </Tile>
        <Tile name="The same score on">
          <strong>{formatCount(ties)}</strong>
          <span class="quiet">ties</span>
        </Tile>
        <Tile name="Cost of all rollouts">
          <strong>
            {usd(costUsd.before)} → {usd(costUsd.after)}
          </strong>
        </Tile>
        <Tile name="Length in characters">
          <strong>
            {formatCount(characters.before)} → {formatCount(characters.after)}
          </strong>
        </Tile>
      </dl>
      <Flipped run={run} a={a} b={b} />
    </>
  );
}

interface Flip {
  readonly example: number;
  readonly before: number;
  readonly after: number;
}

/** The examples on which the scores differ, the largest losses first; each links to the outputs side by side. */
function Flipped({ run, a, b }: { run: Run; a: number; b: number }) {
  const rows = useMemo(
    () =>
      run.data.valset
        .map(
          (example, position): Flip => ({
            example,
            before: run.score(a, position),
            after: run.score(b, position),
          }),
        )
        .filter(({ before, after }) => before < after || after < before)
        .sort((one, other) => one.after - one.before - (other.after - other.before)),
    [run, a, b],
  );
  return (
    <>
      <h3>{countOf(rows.length, 'example')} with different scores</h3>
      <Table
        label="Examples with different scores"
        rows={rows}
        columns={columns(run)}
        rowHref={({ example }) => address(`examples/${example}`, { a, b })}
      />
    </>
  );
}

function columns(run: Run): Column<Flip>[] {
  const head = ({ example }: Flip) => run.data.examples[example];
  return [
    {
      id: 'example',
      title: 'Example',
      width: 'minmax(6rem, 1fr)',
      by: (flip) => head(flip)?.id ?? '',
      cell: (flip) => visible(head(flip)?.id ?? String(flip.example)),
    },
    {
      id: 'before',
      title: 'A',
      width: '4.5rem',
      isNumber: true,
      by: ({ before }) => before,
      cell: ({ before }) => <Score value={before} />,
    },
    {
      id: 'after',
      title: 'B',
      width: '4.5rem',
      isNumber: true,
      by: ({ after }) => after,
      cell: ({ after }) => <Score value={after} />,
    },
    {
      id: 'change',
      title: 'B − A',
      width: '6.5rem',
      isNumber: true,
      by: ({ before, after }) => after - before,
      cell: ({ before, after }) => <Gain value={after - before} />,
    },
    {
      id: 'input',
      title: 'Input',
      width: 'minmax(14rem, 3fr)',
      cell: (flip) => <span class="quiet">{visible(head(flip)?.preview ?? '')}</span>,
    },
  ];
}

function TextChanges({ run, a, b }: { run: Run; a: number; b: number }) {
  const [before, after] = [run.candidate(a), run.candidate(b)];
  if (before === undefined || after === undefined) return null;
  const names = Object.keys(after.texts);
  const changed = a === b ? names : names.filter((name) => before.texts[name] !== after.texts[name]);
  return (
    <section>
      <h2>{a === b ? `Texts of ${run.nameOf(a)}` : `Changes from ${run.nameOf(a)} to ${run.nameOf(b)}`}</h2>
      {changed.length === 0 && <p class="quiet">The texts are the same.</p>}
      {changed.map((name) => (
        <>
          <h3 class="component">{visible(name)}</h3>
          {a === b ? (
            <Text value={after.texts[name]} label={name} />
          ) : (
            <Diff before={before.texts[name] ?? ''} after={after.texts[name] ?? ''} />
          )}
        </>
      ))}
    </section>
  );
}
