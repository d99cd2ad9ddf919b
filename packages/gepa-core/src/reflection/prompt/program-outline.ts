import type { AnyRollout } from '../../adapter/any.ts';
import { type Step, walkSteps } from '../../adapter/trace.ts';
import type { Candidate } from '../../component.ts';
import { shorten } from '../../text/shorten.ts';
import { fairShares } from '../records/fair-shares.ts';
import { isSteps } from '../records/records.ts';

const MAX_STEPS = 30;
/** Of the other texts together, and of each. */
const MAX_TEXT_CHARACTERS = 2_000;
const MAX_CHARACTERS_PER_TEXT = 300;

interface Leaf {
  readonly what: string;
  readonly components: readonly string[];
  /** Equal for the same step in each repetition and rollout. */
  readonly key: string;
  /** Whether it is worth saying that it is repeated: other steps may only share their name. */
  readonly isCall: boolean;
}

/** A step of the outline: the same for all rollouts and repetitions. */
interface OutlineStep extends Leaf {
  isRepeated: boolean;
  rollouts: number;
}

/**
 * An outline of a program for the reflection model: the steps in order, with the components that each uses, and the texts
 * of other components in short. `undefined` for a program that is a single call, or whose traces are not made of steps.
 */
export function renderProgram({
  names,
  candidate,
  rollouts,
}: {
  /** The components to rewrite. */
  readonly names: readonly string[];
  readonly candidate: Candidate;
  readonly rollouts: readonly AnyRollout[];
}): string | undefined {
  const traces = rollouts.flatMap(({ trace }) => (isSteps(trace) && trace.length > 0 ? [trace] : []));
  const steps = mergedSteps(traces.map(leavesOf));
  const lines = steps.slice(0, MAX_STEPS).map((step, index) => {
    const remarks = [
      ...(step.isRepeated && step.isCall ? ['repeatedly'] : []),
      ...(step.rollouts < traces.length ? [`in ${step.rollouts} of ${traces.length} runs`] : []),
    ];
    return `${index + 1}. ${step.what}${usedTexts(step, names)}${remarks.length > 0 ? ` (${remarks.join(', ')})` : ''}`;
  });
  if (steps.length > MAX_STEPS) lines.push(`[… ${steps.length - MAX_STEPS} more steps …]`);
  const beside = new Set(
    steps
      .filter(({ components }) => components.some((name) => names.includes(name)))
      .flatMap(({ components }) => components),
  );
  const others = Object.keys(candidate).filter((name) => !names.includes(name) && !beside.has(name));
  const texts = otherTexts(others, candidate, steps);
  if (steps.length <= 1 && others.length === 0) return undefined;
  return [lines.join('\n'), ...(texts.length > 0 ? [`The other texts, in short:\n${texts.join('\n')}`] : [])]
    .filter((part) => part !== '')
    .join('\n\n');
}

function usedTexts({ components }: OutlineStep, names: readonly string[]): string {
  if (components.length === 0) return '';
  const isOne = names.length === 1;
  return ` with ${components.map((name) => (isOne && name === names[0] ? `"${name}" (the text above)` : `"${name}"`)).join(', ')}`;
}

function otherTexts(names: readonly string[], candidate: Candidate, steps: readonly OutlineStep[]): string[] {
  const shown = names.map((name) => candidate[name]!.slice(0, 10_000).replaceAll(/\s+/g, ' ').trim());
  const shares = fairShares(
    shown.map((text) => Math.min(text.length, MAX_CHARACTERS_PER_TEXT)),
    MAX_TEXT_CHARACTERS,
  );
  const lines = names.map((name, index) => {
    const step = steps.findIndex(({ components }) => components.includes(name));
    return `- "${name}"${step < 0 ? '' : ` (step ${step + 1})`}: ${shorten(shown[index]!, shares[index]!)}`;
  });
  // Many texts leave no room for any; their names are in the steps.
  return lines.slice(0, 20);
}

/** The steps without those that only contain others, and without the prompts of model calls. */
function* leavesOf(trace: readonly Step[]): Generator<Leaf> {
  const sent = new Set(
    [...walkSteps(trace)].flatMap(({ kind, components }) => (kind === 'model' ? (components ?? []) : [])),
  );
  let lastCall = '';
  yield* leaves(trace, '');

  function* leaves(steps: readonly Step[], agent: string): Generator<Leaf> {
    for (const step of steps) {
      const { kind, name, components = [], children = [] } = step;
      const own = kind === 'agent' ? name : agent;
      const isShown =
        kind === 'tool' || kind === 'retriever'
          ? true
          : kind === 'prompt'
            ? components.some((component) => !sent.has(component))
            : children.length === 0 && !name.startsWith('__');
      if (isShown) {
        const what = describeStep(step, own);
        const isCall = kind !== 'chain' && kind !== 'other';
        const key = JSON.stringify([what, components, ...(isCall ? [] : [lastCall])]);
        if (isCall) lastCall = key;
        yield { what, components, key, isCall };
      }
      yield* leaves(children, own);
    }
  }
}

function describeStep(step: Step, agent: string): string {
  if (step.kind === 'model') return `model call${agent === '' ? '' : ` of the agent ${agent}`}`;
  if (step.kind === 'tool' || step.kind === 'retriever' || step.kind === 'prompt')
    return `${step.kind} ${step.name}`;
  return step.name;
}

/** The steps of all rollouts, each once, in the order of their first occurrence. */
function mergedSteps(rollouts: readonly Iterable<Leaf>[]): OutlineStep[] {
  const merged: OutlineStep[] = [];
  for (const leaves of rollouts) {
    const seen = new Set<OutlineStep>();
    let position = 0;
    for (const leaf of leaves) {
      let step = merged.find(({ key }) => key === leaf.key);
      if (step === undefined) {
        step = { ...leaf, isRepeated: false, rollouts: 0 };
        merged.splice(position, 0, step);
      }
      if (seen.has(step)) step.isRepeated = true;
      else step.rollouts++;
      seen.add(step);
      position = Math.max(position, merged.indexOf(step) + 1);
    }
  }
  return merged;
}
