import { address } from '../data/route.ts';
import type { Run } from '../data/run.ts';
import { countOf, formatCount, visible } from '../parts/format.ts';

/** Warnings, failures by message, and what the file leaves out. */
export function Warnings({ run: { data } }: { run: Run }) {
  const { warnings, failures, omittedRollouts, isPartial } = data;
  if (warnings.length + failures.length === 0 && omittedRollouts === 0 && !isPartial) return null;
  return (
    <section class="warnings">
      {warnings.length > 0 && (
        <>
          <h2>{countOf(warnings.length, 'warning')}</h2>
          <ul>
            {warnings.map((warning) => (
              <li>{visible(warning)}</li>
            ))}
          </ul>
        </>
      )}
      {failures.length > 0 && (
        <>
          <h2>Rollouts that failed</h2>
          <ul>
            {failures.slice(0, 8).map(({ message, count }) => (
              <li>
                <strong>{formatCount(count)} ×</strong> {visible(message).slice(0, 300)}
              </li>
            ))}
          </ul>
          <p>
            <a href={address('examples', { show: 'failed' })}>Examples with failures</a>
          </p>
        </>
      )}
      {omittedRollouts > 0 && (
        <p class="quiet">
          This file leaves out outputs and traces of {countOf(omittedRollouts, 'rollout')}, to stay small.
          `gepa watch` shows all of them.
        </p>
      )}
      {isPartial && (
        <p class="quiet">
          {data.kind === 'evaluation'
            ? 'Without its run directory, inputs and traces are not part of this report.'
            : 'The run had no `runDir`, so inputs, outputs and reflection prompts are not part of this report.'}
        </p>
      )}
    </section>
  );
}
