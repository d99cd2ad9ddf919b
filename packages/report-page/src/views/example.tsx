import type { ExampleDetail, PageRollout } from '../../../gepa-core/src/report-file/page-data.ts';
import { address, change, route } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { source } from '../data/store.ts';
import { Diff } from '../parts/diff.tsx';
import { countOf, formatDuration, formatUsd, visible } from '../parts/format.ts';
import { Score } from '../parts/marks.tsx';
import { readable } from '../parts/readable.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import { Trace } from '../parts/trace.tsx';
import { useDetail } from '../parts/use-detail.ts';

/** A candidate as `5`, a proposal as `p12`. */
const whoOf = ({ candidate, proposal }: PageRollout): string =>
  candidate === undefined ? `p${proposal}` : String(candidate);

const nameOf = (run: Run, who: string): string =>
  who.startsWith('p') ? `proposal ${who.slice(1)}` : run.nameOf(Number(who));

export function ExamplePage({ run, number }: { run: Run; number: number }) {
  const head = run.data.examples[number];
  const detail = useDetail<ExampleDetail>(`example ${number}`, () => source.example(number));
  if (head === undefined) return <p>There is no example {number} in this run.</p>;
  return (
    <>
      <h1>
        Example <code class="name">{visible(head.id)}</code>
      </h1>
      <Neighbours run={run} number={number} />
      {'value' in detail ? (
        <Body run={run} example={detail.value} />
      ) : (
        <p class="quiet">{'error' in detail ? detail.error : 'Loading…'}</p>
      )}
    </>
  );
}

function Neighbours({ run, number }: { run: Run; number: number }) {
  const { valset, trainset, testset } = run.data;
  const sets = [
    [run.isEvaluation ? 'evaluated' : 'validation', valset],
    ['training', trainset],
    ['held out', testset],
  ] as const;
  const inSets = sets.filter(([, set]) => set.includes(number)).map(([name]) => name);
  const position = valset.indexOf(number);
  const settings = Object.fromEntries(route.value.query);
  const link = (place: number, words: string) =>
    position >= 0 && valset[place] !== undefined ? (
      <a class="step" href={address(`examples/${valset[place]}`, settings)}>
        {words}
      </a>
    ) : null;
  return (
    <p class="facts">
      {inSets.join(', ')}
      {link(position - 1, '← previous')}
      {link(position + 1, 'next →')}
    </p>
  );
}

function Body({ run, example }: { run: Run; example: ExampleDetail }) {
  const { input, expected, metadata, other, rollouts } = example;
  const { query } = route.value;
  const people = [...new Set(rollouts.map(whoOf))];
  const fallback = people.includes(String(run.best)) ? String(run.best) : people.at(-1);
  const a = query.get('a') ?? (people.includes('0') ? '0' : people[0]) ?? '0';
  const b = query.get('b') ?? fallback ?? '0';
  return (
    <>
      <section class="columns">
        <div>
          <h2>Input</h2>
          <Text value={input} label="Input" />
        </div>
        <div>
          <h2>Expected</h2>
          <Text value={expected} label="Expected" />
          {[
            ['Metadata', metadata],
            ['Other fields', other],
          ].map(([label, value]) =>
            value === undefined ? null : (
              <details>
                <summary>{label as string}</summary>
                <Text value={value} label={label as string} />
              </details>
            ),
          )}
        </div>
      </section>
      <section>
        <h2>Side by side</h2>
        {people.length === 0 && <p class="quiet">Nothing was run on this example.</p>}
        <div class="columns">
          {(
            [
              ['A', 'a', a],
              ['B', 'b', b],
            ] as const
          ).map(([label, key, who]) => (
            <div>
              <label class="field">
                <span>{label}</span>
                <select
                  aria-label={label}
                  value={who}
                  onChange={(event) => change({ [key]: event.currentTarget.value })}
                >
                  {!people.includes(who) && <option value={who}>{nameOf(run, who)} (not run)</option>}
                  {people.map((one) => (
                    <option value={one}>{nameOf(run, one)}</option>
                  ))}
                </select>
              </label>
              {!people.includes(who) && <p class="quiet">It was not run on this example.</p>}
              {rollouts
                .filter((rollout) => whoOf(rollout) === who)
                .map((rollout) => (
                  <Rollout rollout={rollout} />
                ))}
            </div>
          ))}
        </div>
        <OutputDiff a={outputOf(rollouts, a)} b={outputOf(rollouts, b)} />
      </section>
      <section>
        <h2>{countOf(rollouts.length, 'rollout')}</h2>
        <Table label="Rollouts of this example" rows={rollouts} columns={columns(run, a)} />
      </section>
    </>
  );
}

/** The last output of a candidate, as it is shown. */
function outputOf(rollouts: readonly PageRollout[], who: string): string | undefined {
  const output = rollouts.findLast((rollout) => whoOf(rollout) === who)?.detail?.output;
  return output === undefined ? undefined : readable(output);
}

/** Longer texts take too long to compare. */
const MAX_COMPARED = 100_000;

function OutputDiff({ a, b }: { a: string | undefined; b: string | undefined }) {
  if (a === undefined || b === undefined || a === b || a.length + b.length > MAX_COMPARED) return null;
  return (
    <details>
      <summary>Differences of the outputs, from A to B</summary>
      <Diff before={a} after={b} />
    </details>
  );
}

function Rollout({ rollout }: { rollout: PageRollout }) {
  const { score, phase, iteration, durationMs, error, failedIn, detail } = rollout;
  const { usage, judgeUsage, feedback, componentFeedback, output, trace, objectives } = detail ?? {};
  return (
    <article class="rollout">
      <p>
        <strong class="big">
          <Score value={score} />
        </strong>{' '}
        <span class="quiet">
          {phase}
          {iteration > 0 ? `, iteration ${iteration}` : ''} · {formatDuration(durationMs)}
          {usage === undefined || usage.inputTokens + usage.outputTokens === 0
            ? ''
            : ` · ${usage.inputTokens} + ${usage.outputTokens} tokens`}
          {usage?.costUsd === undefined ? '' : ` · ${formatUsd(usage.costUsd)}`}
          {judgeUsage === undefined ? '' : ` · judge ${countOf(judgeUsage.modelCalls, 'call')}`}
        </span>
      </p>
      {objectives !== undefined && (
        <p class="quiet">
          {Object.entries(objectives).map(([name, value]) => (
            <span class="objective">
              {visible(name)} <Score value={value} />{' '}
            </span>
          ))}
        </p>
      )}
      {error !== undefined && (
        <>
          <h4 class="failed">Failed{failedIn === 'metric' ? ' in the metric' : ''}</h4>
          <Text value={error} label="Error" />
        </>
      )}
      {detail === undefined ? (
        <p class="quiet">Output and trace are not part of this file.</p>
      ) : (
        <>
          <h4>Output</h4>
          <Text value={output} label="Output" />
          {feedback !== undefined && (
            <>
              <h4>Feedback</h4>
              <Text value={feedback} label="Feedback" />
            </>
          )}
          {Object.entries(componentFeedback ?? {}).map(([name, text]) => (
            <>
              <h4>
                Feedback for <code class="name">{visible(name)}</code>
              </h4>
              <Text value={text} label={`Feedback for ${name}`} />
            </>
          ))}
          {trace !== undefined && (
            <details>
              <summary>Trace</summary>
              <Trace trace={trace} />
            </details>
          )}
        </>
      )}
    </article>
  );
}

function columns(run: Run, a: string): Column<PageRollout>[] {
  return [
    {
      id: 'who',
      title: 'By',
      width: '9rem',
      by: (rollout) => (rollout.candidate === undefined ? 1e6 + rollout.proposal! : rollout.candidate),
      cell: (rollout) => (
        <button type="button" class="link" onClick={() => change({ a, b: whoOf(rollout) })}>
          {nameOf(run, whoOf(rollout))}
        </button>
      ),
    },
    {
      id: 'score',
      title: 'Score',
      width: '5rem',
      isNumber: true,
      by: ({ score }) => score,
      cell: ({ score }) => <Score value={score} />,
    },
    { id: 'phase', title: 'Phase', width: '7rem', by: ({ phase }) => phase, cell: ({ phase }) => phase },
    {
      id: 'iteration',
      title: 'Iteration',
      width: '6rem',
      isNumber: true,
      by: ({ iteration }) => iteration,
      cell: ({ iteration }) => iteration,
    },
    {
      id: 'time',
      title: 'Time',
      width: '5rem',
      isNumber: true,
      by: ({ durationMs }) => durationMs,
      cell: ({ durationMs }) => formatDuration(durationMs),
    },
    {
      id: 'error',
      title: 'Error',
      width: 'minmax(10rem, 1fr)',
      cell: ({ error }) => <span class="quiet">{error === undefined ? '' : visible(error)}</span>,
    },
  ];
}
