import { isComparable, verdictOf } from '../../../gepa-core/src/report-file/verdict.ts';
import { address } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { ScoreChart } from '../parts/chart.tsx';
import { Diff } from '../parts/diff.tsx';
import {
  countOf,
  describeStopReason,
  formatCompact,
  formatCount,
  formatDuration,
  formatGain,
  formatScore,
  formatUsd,
  UNKNOWN,
  visible,
} from '../parts/format.ts';
import { Gain } from '../parts/marks.tsx';
import { Tile } from '../parts/tile.tsx';
import { VerdictBox } from '../parts/verdict-box.tsx';
import { Fates } from './fates.tsx';
import { Warnings } from './warnings.tsx';

export function Overview({ run }: { run: Run }) {
  const { data } = run;
  const verdict = verdictOf(data);
  const partSize = new Set(data.part).size;
  return (
    <>
      <VerdictBox verdict={verdict}>
        {verdict.notes.map((note) => (
          <p class="quiet">{note}</p>
        ))}
        {data.stopReason !== undefined && (
          <p class="quiet">Ended because {describeStopReason(data.stopReason, data.budgetHeld)}.</p>
        )}
        <p class="quiet">{subjectOf(run)}</p>
        {data.state === 'interrupted' && (
          <p class="quiet">Interrupted: the same call with the same run directory resumes it.</p>
        )}
      </VerdictBox>
      <Tiles run={run} />
      <section>
        <h2>Score against metric calls</h2>
        <ScoreChart run={run} />
        {/* Candidates are compared on these; the score of the best may be on more. */}
        {partSize > 0 && partSize < data.valset.length && (
          <p class="quiet">
            Scores on the {formatCount(partSize)} of {formatCount(data.valset.length)} validation examples
            that the search compares candidates on.
          </p>
        )}
        <ul class="legend">
          <li>
            <span class="key best-line" /> best so far
          </li>
          <li>
            <span class="key ring" /> a candidate
          </li>
          <li>
            <span class="key seed-line" /> the seed
          </li>
          {data.test !== undefined && (
            <li>
              <span class="key interval" /> held out: seed, candidate {data.test.candidate} with the 95%
              interval of its gain
            </li>
          )}
        </ul>
      </section>
      <Warnings run={run} />
      <section>
        <h2>
          What became of the proposals <a href={address('proposals')}>all of them</a>
        </h2>
        <Fates run={run} />
      </section>
      <Changes run={run} />
    </>
  );
}

/** The models of the run and the sizes of its data sets, for readers who get only the report. */
function subjectOf({ data }: Run): string {
  const { task, reflection } = data.about.models;
  const models = [
    ...(task.length === 0 ? [] : [`Program on ${task.join(', ')}`]),
    ...(reflection === undefined ? [] : [`reflection by ${reflection}`]),
  ];
  const sets = [
    [data.trainset, 'training'],
    [data.valset, 'validation'],
    [data.testset, 'held-out'],
  ] as const;
  const sizes = sets.flatMap(([set, name]) =>
    set.length === 0 ? [] : [`${formatCount(set.length)} ${name}`],
  );
  return visible([...models, ...(sizes.length === 0 ? [] : [`${sizes.join(', ')} examples`])].join(' · '));
}

function Tiles({ run: { data } }: { run: Run }) {
  const { score, test, about, proposals, usage } = data;
  const { maxMetricCalls, maxCostUsd } = about.limits;
  const tested = proposals.filter(({ status }) => status === 'accepted' || status === 'rejected').length;
  const accepted = proposals.filter(({ status }) => status === 'accepted').length;
  const tokens = usage.inputTokens + usage.outputTokens;
  return (
    <dl class="tiles">
      {score !== undefined && (
        <Tile name="Validation">
          <strong>
            {formatScore(score.seed)} → {formatScore(score.best)}
          </strong>
          {isComparable(score) ? (
            <Gain value={score.best - score.seed} />
          ) : (
            <span class="quiet">on different examples</span>
          )}
        </Tile>
      )}
      {test !== undefined && (
        <Tile name={`Held out, ${countOf(test.size, 'example')}`}>
          <strong>
            {formatScore(test.seedScore)} → {formatScore(test.bestScore)}
          </strong>
          <span class="quiet">
            {formatGain(test.interval[0])} to {formatGain(test.interval[1])}
          </span>
        </Tile>
      )}
      <Tile name="Metric calls">
        <strong>{formatCount(data.metricCalls)}</strong>
        <span class="quiet">
          {maxMetricCalls === undefined ? 'no limit' : `of ${formatCount(maxMetricCalls)}`}
        </span>
      </Tile>
      <Tile name="Proposals">
        <strong>{formatCount(accepted)} accepted</strong>
        <span class="quiet">of {formatCount(tested)} tested</span>
      </Tile>
      <Tile name="Model use">
        <strong>
          {usage.costUsd === undefined
            ? tokens === 0
              ? UNKNOWN
              : `${formatCompact(tokens)} tokens`
            : formatUsd(usage.costUsd)}
        </strong>
        <span class="quiet">
          {maxCostUsd === undefined
            ? usage.modelCalls === 0
              ? 'no model calls reported'
              : `${countOf(usage.modelCalls, 'call')}${tokens === 0 ? ', tokens not reported' : ''}`
            : `of ${formatUsd(maxCostUsd)}`}
        </span>
      </Tile>
      <Tile name="Time">
        <strong>{formatDuration(data.durationMs)}</strong>
        <span class="quiet">{countOf(data.iterations, 'iteration')}</span>
      </Tile>
    </dl>
  );
}

function Changes({ run: { data } }: { run: Run }) {
  const [seed, best] = [data.candidates[0], data.candidates[data.bestIndex]];
  if (seed === undefined || best === undefined || data.bestIndex === 0) return null;
  const changed = Object.keys(best.texts).filter((name) => seed.texts[name] !== best.texts[name]);
  return (
    <section>
      <h2>
        Changes from the seed to{' '}
        <a href={address(`candidates/${best.index}`, { against: 0 })}>candidate {best.index}</a>
      </h2>
      {changed.map((name) => (
        <>
          <h3 class="component">{visible(name)}</h3>
          <Diff before={seed.texts[name] ?? ''} after={best.texts[name] ?? ''} />
        </>
      ))}
    </section>
  );
}
