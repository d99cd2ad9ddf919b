import type { ReflectionDetail } from '../../../gepa-core/src/run-data/run-data.ts';
import { address } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { source } from '../data/store.ts';
import { countOf, formatDuration, formatUsd, visible } from '../parts/format.ts';
import { Gain, Score, Status } from '../parts/marks.tsx';
import { Text } from '../parts/text.tsx';
import { useDetail } from '../parts/use-detail.ts';
import { reasonInWords } from './fates.tsx';

type Proposal = Run['data']['proposals'][number];

const mean = (scores: readonly number[]): number =>
  scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);

/** Why a proposal was accepted or not, on which examples, and the reflections that wrote it. */
export function Origin({ run, proposal }: { run: Run; proposal: Proposal }) {
  const { reflections, refused = {} } = proposal;
  return (
    <>
      <p>
        <Status status={proposal.status} /> <Why proposal={proposal} />
      </p>
      {proposal.message !== undefined && <p class="quiet">{visible(proposal.message)}</p>}
      {Object.entries(refused).map(([name, fault]) => (
        <p>
          <code class="name">{visible(name)}</code> refused: {visible(fault?.message ?? '')}
        </p>
      ))}
      <Minibatch run={run} proposal={proposal} />
      {reflections.map((number) => (
        <ReflectionView run={run} number={number} />
      ))}
      {reflections.length === 0 && proposal.kind === 'mutation' && (
        <p class="quiet">No reflection is recorded for it.</p>
      )}
    </>
  );
}

function Why({ proposal }: { proposal: Proposal }) {
  const { status, before, after, minibatch, reason, kind } = proposal;
  const [a, b] = [mean(before), mean(after)];
  const change = (
    <>
      <Score value={a} /> → <Score value={b} /> (<Gain value={b - a} />) on{' '}
      {countOf(minibatch.length, 'example')}
    </>
  );
  const where = kind === 'merge' ? 'The merge' : 'The child';
  switch (status) {
    case 'accepted':
      return (
        <>
          {where} was good enough on its minibatch: {change}.
        </>
      );
    case 'rejected':
      return (
        <>
          {where} was not good enough on its minibatch: {change}.
        </>
      );
    case 'refused':
      return <>No child was tested: {reasonInWords(reason ?? 'refused')}.</>;
    case 'skipped':
      return <>The parent was perfect on the minibatch, so there was nothing to learn from it.</>;
    case 'open':
      return <>Nothing came of it yet.</>;
  }
}

function Minibatch({ run, proposal }: { run: Run; proposal: Proposal }) {
  const { minibatch, before, after, parents, number, candidate } = proposal;
  if (minibatch.length === 0) return null;
  const child = candidate === undefined ? `p${number}` : String(candidate);
  return (
    <div class="scroll-x">
      <table class="minibatch">
        <thead>
          <tr>
            <th scope="col">Example</th>
            <th scope="col" class="number">
              Parent
            </th>
            <th scope="col" class="number">
              Child
            </th>
            <th scope="col" class="number">
              Change
            </th>
          </tr>
        </thead>
        <tbody>
          {minibatch.map((example, i) => {
            const { id = String(example), preview = '' } = run.data.examples[example] ?? {};
            return (
              <tr>
                <td class="clip">
                  <a href={address(`examples/${example}`, { a: parents[0], b: child })}>{visible(id)}</a>{' '}
                  <span class="quiet">{visible(preview)}</span>
                </td>
                <td class="number">
                  <Score value={before[i]} />
                </td>
                <td class="number">
                  <Score value={after[i]} />
                </td>
                <td class="number">
                  <Gain value={(after[i] ?? Number.NaN) - (before[i] ?? Number.NaN)} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function ReflectionView({ run, number }: { run: Run; number: number }) {
  const head = run.data.reflections[number];
  const detail = useDetail<ReflectionDetail>(`reflection ${number}`, () => source.reflection(number));
  if (head === undefined) return null;
  const { components, attempt, durationMs, usage } = head;
  return (
    <div class="reflection">
      <h3>
        Reflection on {components.map((name) => visible(name)).join(', ')}
        {attempt > 1 ? ', asked again' : ''}{' '}
        <span class="quiet">
          {formatDuration(durationMs)}
          {usage === undefined || usage.inputTokens + usage.outputTokens === 0
            ? ''
            : ` · ${usage.inputTokens} + ${usage.outputTokens} tokens`}
          {usage?.costUsd === undefined ? '' : ` · ${formatUsd(usage.costUsd)}`}
        </span>
      </h3>
      {'value' in detail ? (
        <>
          <details>
            <summary>The prompt, with the records of the rollouts</summary>
            <Text value={detail.value.prompt} label="Reflection prompt" />
          </details>
          <details open>
            <summary>The answer</summary>
            <Text value={detail.value.answer} label="Answer of the reflection model" />
          </details>
        </>
      ) : (
        <p class="quiet">{'error' in detail ? detail.error : 'Loading…'}</p>
      )}
    </div>
  );
}
