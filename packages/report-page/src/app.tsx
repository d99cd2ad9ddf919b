import { useEffect, useRef } from 'preact/hooks';
import { address, numberOf, route } from './data/route.ts';
import type { Run } from './data/run.ts';
import { isConnected, problem, run, source } from './data/store.ts';
import { formatTime } from './parts/format.ts';
import { CandidatePage } from './views/candidate.tsx';
import { Candidates } from './views/candidates.tsx';
import { ComparisonPage } from './views/comparison.tsx';
import { ExamplePage } from './views/example.tsx';
import { Examples } from './views/examples.tsx';
import { Overview } from './views/overview.tsx';
import { ProposalPage, Proposals } from './views/proposals.tsx';
import { Setup } from './views/setup.tsx';
import { SpendPage } from './views/spend.tsx';

const views = [
  ['', 'Overview'],
  ['candidates', 'Candidates'],
  ['examples', 'Examples'],
  ['proposals', 'Proposals'],
  ['spend', 'Spend'],
  ['setup', 'Setup'],
] as const;

const evaluationViews = [
  ['', 'Comparison'],
  ['examples', 'Examples'],
  ['spend', 'Spend'],
  ['setup', 'Setup'],
] as const;

export function App() {
  const [view = ''] = route.value.path;
  const main = useRef<HTMLElement>(null);
  const path = route.value.path.join('/');
  const isFirst = useRef(true);
  // Scroll to the top of a new view, and move the focus there.
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);
  const current = run.value;
  const shown = current?.isEvaluation ? evaluationViews : views;
  const what = current?.isEvaluation ? 'GEPA evaluation' : 'GEPA run';
  useEffect(() => {
    const name = shown.find(([path]) => path === view)?.[1] ?? 'Run';
    document.title = current === undefined ? what : `${name} · ${what} ${current.data.runId.slice(0, 8)}`;
  }, [view, current]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header>
        <p class="title">
          {what} {current !== undefined && <code>{current.data.runId.slice(0, 8)}</code>}{' '}
          <State run={current} />
        </p>
        <nav aria-label="Views">
          {shown.map(([path, name]) => (
            <a href={address(path)} aria-current={path === view ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" tabIndex={-1} ref={main}>
        {problem.value !== undefined && (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        {current === undefined ? (
          problem.value === undefined && (
            <p class="waiting">{source.isLive ? 'Waiting for the run to start…' : 'Loading the run…'}</p>
          )
        ) : current.data.candidates.length === 0 && view !== 'setup' && view !== '' ? (
          <p class="waiting">The seed is being scored.</p>
        ) : (
          <View run={current} />
        )}
      </main>
    </>
  );
}

function View({ run }: { run: Run }) {
  const [view, item] = route.value.path;
  const number = numberOf(item);
  switch (view) {
    case undefined:
      return run.isEvaluation ? <ComparisonPage run={run} /> : <Overview run={run} />;
    case 'candidates':
      return number === undefined ? (
        <Candidates run={run} />
      ) : (
        <CandidatePage run={run} index={number} key={number} />
      );
    case 'proposals':
      return number === undefined ? (
        <Proposals run={run} />
      ) : (
        <ProposalPage run={run} number={number} key={number} />
      );
    case 'examples':
      return number === undefined ? (
        <Examples run={run} />
      ) : (
        <ExamplePage run={run} number={number} key={number} />
      );
    case 'spend':
      return <SpendPage run={run} />;
    case 'setup':
      return <Setup run={run} />;
    default:
      return (
        <p>
          There is no such view. <a href={address('')}>Overview</a>
        </p>
      );
  }
}

function State({ run }: { run: Run | undefined }) {
  if (!isConnected.value) return <span class="state lost">connection lost</span>;
  if (run === undefined) return null;
  const { state, updatedAt } = run.data;
  return (
    <span class={`state ${state}`} role="status">
      {state}
      <span class="quiet"> {formatTime(updatedAt)}</span>
    </span>
  );
}
