import type { OptimizationResult } from '../result.ts';
import { countOf, formatGain, formatScore } from '../text/format.ts';
import { visibleJson } from '../text/visible.ts';
import { describeStopReason } from './stop-reason.ts';

const custom = Symbol.for('nodejs.util.inspect.custom');

/** How much of a text `console.log` shows. */
const MAX_TEXT_CHARACTERS = 60;

/** Makes `console.log` show a short description of an object. The object's fields do not change. */
export function inspectable<Value extends object>(value: Value, describe: () => string): Value {
  // Not enumerable, so that copies and comparisons do not see it.
  return Object.defineProperty(value, custom, { value: describe, enumerable: false, configurable: true });
}

/** A result in a few lines. */
export function describeResult(result: OptimizationResult): string {
  const { seedScore, bestScore, bestIndex, candidates, test, stopReason, budgetHeld, warnings } = result;
  const { totalMetricCalls, proposals, bestCandidate, runId } = result;
  const [low, high] = (test?.interval ?? []).map(formatGain);
  const lines = [
    result.scoredOn.examples === 0
      ? 'no candidate was scored'
      : bestIndex === 0
        ? `the seed is still the best at ${formatScore(seedScore)}, of ${countOf(candidates.length, 'candidate')}`
        : `candidate ${bestIndex} of ${countOf(candidates.length, 'candidate')}: ${formatScore(seedScore)} → ${formatScore(bestScore)} on validation`,
    ...(test === undefined
      ? []
      : [
          `held-out test: ${formatScore(test.seedScore)} → ${formatScore(test.bestScore)} (${low} to ${high})`,
        ]),
    `${countOf(totalMetricCalls, 'metric call')}, ${proposals.accepted} of ${countOf(proposals.made, 'proposal')} accepted`,
    `ended: ${describeStopReason(stopReason, budgetHeld)}`,
    ...(warnings.length === 0 ? [] : [countOf(warnings.length, 'warning')]),
    `bestCandidate: ${shortTexts(bestCandidate)}`,
    `runId: ${runId}; fields: ${Object.keys(result).join(', ')}`,
  ];
  return `OptimizationResult {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

function shortTexts(texts: Readonly<Record<string, string>>): string {
  const parts = Object.entries(texts).map(([name, text]) => {
    const short = text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
    return `${visibleJson(name)}: ${visibleJson(short)}`;
  });
  return `{ ${parts.join(', ')} }`;
}
