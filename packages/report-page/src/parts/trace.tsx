import type { Step } from '../../../gepa-core/src/adapter/trace.ts';
import { formatDuration, visible } from './format.ts';
import { Text } from './text.tsx';

/** Steps of a framework as a tree; any other trace as it is. */
export function Trace({ trace }: { trace: unknown }) {
  if (!isSteps(trace)) return <Text value={trace} label="Trace" />;
  if (trace.length === 0) return <p class="quiet">No steps.</p>;
  return <Steps steps={trace} />;
}

function Steps({ steps }: { steps: readonly Step[] }) {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li>
          <details>
            <summary>
              <span class="kind">{step.kind}</span> {visible(step.name)}
              <span class="quiet">
                {step.durationMs === undefined ? '' : ` · ${formatDuration(step.durationMs)}`}
                {step.usage === undefined
                  ? ''
                  : ` · ${step.usage.inputTokens} + ${step.usage.outputTokens} tokens`}
                {typeof step.finishReason === 'string'
                  ? ` · finish reason: ${visible(step.finishReason)}`
                  : ''}
                {step.components === undefined || step.components.length === 0
                  ? ''
                  : ` · reads ${visible(step.components.join(', '))}`}
              </span>
              {step.error !== undefined && <span class="status rejected"> ✕ failed</span>}
            </summary>
            {step.error !== undefined && <Text value={step.error} label="Error" />}
            {step.input !== undefined && <Labelled label="Input" value={step.input} />}
            {step.output !== undefined && <Labelled label="Output" value={step.output} />}
          </details>
          {step.children !== undefined && step.children.length > 0 && <Steps steps={step.children} />}
        </li>
      ))}
    </ol>
  );
}

function Labelled({ label, value }: { label: string; value: unknown }) {
  return (
    <>
      <h5>{label}</h5>
      <Text value={value} label={label} />
    </>
  );
}

function isSteps(trace: unknown): trace is readonly Step[] {
  return (
    Array.isArray(trace) &&
    trace.every((step) => typeof step?.kind === 'string' && typeof step?.name === 'string')
  );
}
