import type { Run } from '../data/run.ts';
import { formatCount, formatDuration, formatUsd, UNKNOWN, visible } from '../parts/format.ts';

const phases = {
  seed: 'seed on the valset',
  minibatch: 'minibatches',
  reflection: 'reflection',
  valset: 'candidates on the valset',
  merge: 'merges',
  testset: 'testset',
  judge: 'judges',
  other: 'between calls',
} as const;

export function SpendPage({ run: { data } }: { run: Run }) {
  const { spend, time, usage, durationMs } = data;
  const rows = Object.entries(phases).flatMap(([phase, name]) => {
    const spent = phase === 'other' ? undefined : spend[phase as keyof typeof spend];
    const ms = phase === 'judge' ? undefined : time[phase as keyof typeof time];
    const isEmpty = !ms && !spent?.metricCalls && !spent?.usage.modelCalls;
    return isEmpty ? [] : [{ name, spent, ms }];
  });
  const longest = Math.max(1, ...rows.map(({ ms }) => ms ?? 0));
  const models = Object.entries(usage.byModel ?? {});
  return (
    <>
      <h1>Spend and time</h1>
      <div class="scroll-x">
        <table class="spend">
          <thead>
            <tr>
              {[
                'Phase',
                'Metric calls',
                'Model calls',
                'Input tokens',
                'Output tokens',
                'Cost',
                'Time',
                '',
              ].map((title, i) => (
                <th scope="col" class={i > 0 ? 'number' : ''}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, spent, ms }) => (
              <tr>
                <th scope="row">{name}</th>
                <Numbers metricCalls={spent?.metricCalls} usage={spent?.usage} />
                <td class="number">{ms === undefined ? UNKNOWN : formatDuration(ms)}</td>
                <td class="bar-cell">
                  <span class="bar" aria-hidden="true">
                    <span class="bar-part time" style={{ width: `${(100 * (ms ?? 0)) / longest}%` }} />
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">all</th>
              <Numbers metricCalls={data.metricCalls} usage={usage} />
              <td class="number">{formatDuration(durationMs)}</td>
              <td />
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="quiet">Phases that run at the same time share it.</p>
      {models.length > 0 && (
        <section>
          <h2>By model</h2>
          <div class="scroll-x">
            <table class="spend">
              <thead>
                <tr>
                  <th scope="col">Model</th>
                  <th scope="col" class="number">
                    Calls
                  </th>
                  <th scope="col" class="number">
                    Input tokens
                  </th>
                  <th scope="col" class="number">
                    Cached
                  </th>
                  <th scope="col" class="number">
                    Output tokens
                  </th>
                </tr>
              </thead>
              <tbody>
                {models.map(([name, of]) => (
                  <tr>
                    <th scope="row">{visible(name)}</th>
                    <td class="number">{formatCount(of.modelCalls)}</td>
                    <td class="number">{formatCount(of.inputTokens)}</td>
                    <td class="number">{formatCount(of.cachedInputTokens ?? 0)}</td>
                    <td class="number">{formatCount(of.outputTokens)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </>
  );
}

function Numbers({ metricCalls, usage }: { metricCalls?: number; usage?: Run['data']['usage'] }) {
  const values = [metricCalls, usage?.modelCalls, usage?.inputTokens, usage?.outputTokens];
  return (
    <>
      {values.map((value) => (
        <td class="number">{value ? formatCount(value) : <span class="quiet">{UNKNOWN}</span>}</td>
      ))}
      <td class="number">
        {usage?.costUsd === undefined ? <span class="quiet">{UNKNOWN}</span> : formatUsd(usage.costUsd)}
      </td>
    </>
  );
}
