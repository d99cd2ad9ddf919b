import type { TriedText } from '../../adapter/experience.ts';
import { ownValue } from '../../component.ts';
import type { ScoredCandidate } from '../../search/state/search-view.ts';
import type { TriedProposal, TriedProposals } from '../../search/state/tried-proposals.ts';
import { shorten } from '../../text/shorten.ts';
import { shortDiff } from './short-diff.ts';

/** An example that an ancestor solved and the parent does not. */
export interface Regression {
  /** Position in the trainset. */
  readonly example: number;
  readonly ancestor: number;
}

/** The part of the search that the history is made from. */
interface SearchSoFar<Name extends string> {
  readonly candidates: readonly ScoredCandidate<Name>[];
  readonly tried: TriedProposals<Name>;
}

/** The parent and its ancestors, nearest first. */
export function lineageOf(candidates: readonly ScoredCandidate[], parent: number): number[] {
  const lineage = [parent];
  for (const index of lineage) {
    for (const next of candidates[index]?.parents ?? []) if (!lineage.includes(next)) lineage.push(next);
  }
  return lineage;
}

/** The newest proposals for the parent and its ancestors together; more are of no use to a reader. */
const MAX_TRIED = 60;

/** What was tried for a component of a parent and of its ancestors, at most 60; the parent's own first, each in order. */
export function triedTexts<Name extends string>(
  { candidates, tried }: SearchSoFar<Name>,
  parent: number,
  component: Name,
): TriedText[] {
  const texts: TriedText[] = [];
  for (const index of lineageOf(candidates, parent)) {
    const room = MAX_TRIED - texts.length;
    if (room === 0) break;
    const found = tried
      .of(index)
      .filter(({ components, rejection }) => components.includes(component) && !isOutage(rejection))
      .slice(-room);
    for (const proposal of found) texts.push(triedText(candidates, proposal, component));
  }
  return texts;
}

/** Whether the proposal failed for a reason that is not its text's. */
const isOutage = (rejection: TriedProposal['rejection']) =>
  rejection?.reason === 'proposer_failed' || rejection?.reason === 'unavailable';

function triedText<Name extends string>(
  candidates: readonly ScoredCandidate<Name>[],
  { iteration, parent, minibatch, texts, before, after, accepted, candidate, rejection }: TriedProposal<Name>,
  component: Name,
): TriedText {
  return {
    iteration,
    parent,
    replaced: candidates[parent]!.texts[component],
    text: ownValue<string>(texts as Readonly<Record<string, string>>, component) ?? rejection?.text,
    alongside: Object.keys(texts).filter((name) => name !== component),
    scores: after.map((score, place) => ({
      example: minibatch[place]!,
      before: before[place]!,
      after: score,
    })),
    accepted,
    candidate: candidate === undefined ? undefined : { index: candidate, mean: candidates[candidate]!.mean },
    rejection: rejection && { reason: rejection.reason, message: rejection.message },
  };
}

/** The examples of a minibatch that the parent fails although an ancestor scored `perfectScore` on them. */
export function regressionsOf<Name extends string>(
  { candidates, tried }: SearchSoFar<Name>,
  parent: number,
  minibatch: readonly number[],
  scores: readonly number[],
  perfectScore: number,
): Regression[] {
  const ancestors = lineageOf(candidates, parent).slice(1);
  return minibatch.flatMap((example, place) => {
    if (scores[place]! >= perfectScore) return [];
    const ancestor = ancestors.find((index) => (tried.scoreOf(index, example) ?? -Infinity) >= perfectScore);
    return ancestor === undefined ? [] : [{ example, ancestor }];
  });
}

/** What one attempt may take, in characters. */
const MAX_DIFF_CHARACTERS = 600;
const MAX_ANCESTOR_DIFF_CHARACTERS = 240;
const MAX_MESSAGE_CHARACTERS = 200;

/** About 900 tokens. */
export const MAX_HISTORY_CHARACTERS = 3_600;

/**
 * The attempts as Markdown for the reflection model: the parent's own from the newest with a small diff each, then those
 * of its ancestors in short, as far as they fit. `undefined` when there were none.
 *
 * @param nameOf names an example of the trainset in a few words.
 */
export function renderHistory(request: {
  readonly tried: readonly TriedText[];
  readonly regressions: readonly Regression[];
  readonly parent: number;
  readonly nameOf: (example: number) => string;
  readonly maxCharacters?: number;
}): string | undefined {
  const { tried, regressions, parent, nameOf, maxCharacters = MAX_HISTORY_CHARACTERS } = request;
  const attempts = grouped(tried).reverse();
  const isOwn = ({ tried }: Group) => tried.isOfEarlierRun !== true && tried.parent === parent;
  const own = attempts.filter(isOwn);
  const earlier = attempts.filter((attempt) => !isOwn(attempt));
  const parts = [
    ...regressions.map(
      ({ example, ancestor }) =>
        `- An earlier text (candidate ${ancestor}) solved ${nameOf(example)}; the current one no longer does.`,
    ),
    ...own.map((attempt) => describe(attempt, nameOf, MAX_DIFF_CHARACTERS)),
    ...earlier.map((attempt) => describe(attempt, nameOf, MAX_ANCESTOR_DIFF_CHARACTERS)),
  ];
  if (parts.length === 0) return undefined;
  return fitting(parts, maxCharacters).join('\n');
}

/** Equal attempts as one, at the place of the last of them. */
interface Group {
  readonly tried: TriedText;
  readonly all: readonly TriedText[];
}

function grouped(tried: readonly TriedText[]): Group[] {
  const groups = new Map<string, TriedText[]>();
  for (const attempt of [...tried].sort((a, b) => a.iteration - b.iteration)) {
    const { parent, text, rejection } = attempt;
    const key = JSON.stringify([attempt.isOfEarlierRun, parent, text, rejection?.message]);
    const all = groups.get(key) ?? [];
    groups.delete(key);
    groups.set(key, [...all, attempt]);
  }
  return [...groups.values()].map((all) => ({ tried: all.at(-1)!, all }));
}

function describe({ tried, all }: Group, nameOf: (example: number) => string, maxDiff: number): string {
  const { parent, replaced, text, alongside, rejection } = tried;
  const where = tried.isOfEarlierRun ? 'In an earlier run' : `${iterationsOf(all)}, from candidate ${parent}`;
  const diff = text === undefined ? '' : shortDiff(replaced, text, maxDiff).replaceAll(/^/gm, '  ');
  if (text === undefined || rejection !== undefined) {
    const reason = `- ${where}: rejected. ${oneLine(rejection?.message ?? '', MAX_MESSAGE_CHARACTERS)}`;
    return diff === '' ? reason : `${reason}\n${diff}`;
  }
  const scores = all.flatMap((attempt) => attempt.scores);
  const others = alongside.length === 0 ? '' : ` It changed together with ${alongside.join(', ')}.`;
  return `- ${where}: ${outcomeOf(all)} ${changeOf(scores, nameOf)}${others}\n${diff}`;
}

/** The iterations of equal attempts; of many, the last and their number. */
function iterationsOf(all: readonly TriedText[]): string {
  const numbers = [...new Set(all.map(({ iteration }) => iteration))];
  const last = numbers.pop()!;
  if (numbers.length === 0) return `Iteration ${last}`;
  return numbers.length > 3
    ? `Iteration ${last} and ${numbers.length} before`
    : `Iterations ${numbers.join(', ')} and ${last}`;
}

function outcomeOf(all: readonly TriedText[]): string {
  const candidate = all.findLast(({ candidate }) => candidate !== undefined)?.candidate;
  if (candidate !== undefined) {
    return `kept as candidate ${candidate.index} (${numberOf(candidate.mean)} on validation).`;
  }
  return all.some(({ accepted }) => accepted)
    ? 'better on the minibatch, but another was kept.'
    : 'not kept.';
}

/** The mean change, and the examples on which the score changed. */
function changeOf(scores: TriedText['scores'], nameOf: (example: number) => string): string {
  const mean = (side: 'before' | 'after') =>
    numberOf(scores.reduce((sum, score) => sum + score[side], 0) / Math.max(1, scores.length));
  const byExample = new Map(scores.map((score) => [score.example, score]));
  const moved = [...byExample.values()].filter(({ before, after }) => before !== after).slice(0, 4);
  const moves = moved.map(
    ({ example, before, after }) => ` ${nameOf(example)}: ${numberOf(before)} → ${numberOf(after)}.`,
  );
  return `Score ${mean('before')} → ${mean('after')} on ${byExample.size} ${byExample.size === 1 ? 'example' : 'examples'}.${moves.join('')}`;
}

/** A score in a prompt. */
export const numberOf = (score: number): string => String(Number(score.toFixed(2)));

/** A text on one line, shortened. */
export function oneLine(text: string, limit: number): string {
  return shorten(text.replaceAll(/\s+/g, ' ').trim(), limit);
}

/** The first parts that fit, with a note of how many are left out. */
function fitting(parts: readonly string[], maxCharacters: number): string[] {
  const shown: string[] = [];
  let size = 0;
  for (const part of parts) {
    size += part.length + 1;
    if (size > maxCharacters && shown.length > 0) {
      return [...shown, `[… ${parts.length - shown.length} earlier attempts left out …]`];
    }
    shown.push(part);
  }
  return shown;
}
