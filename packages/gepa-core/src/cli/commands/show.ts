import { describeComparison, describeEvaluation } from '../../evaluate/describe.ts';
import { describeStopReason } from '../../report/stop-reason.ts';
import { listItem, wrapped } from '../../report/wrap.ts';
import { comparedOf } from '../../report-file/compared.ts';
import { exampleDetail, type ReportSource, sourceOf } from '../../report-file/details.ts';
import type { PageRollout } from '../../report-file/page-data.ts';
import { verdictOf } from '../../report-file/verdict.ts';
import type { CandidateData, ProposalData, RunData } from '../../run-data/run-data.ts';
import { compareEvaluations } from '../../statistics/compare.ts';
import { countOf, formatGain, formatScore } from '../../text/format.ts';
import { visible, visibleJson } from '../../text/visible.ts';
import { type Command, textOf } from '../command.ts';
import { candidateOf, exampleOf, openRun } from '../run-argument.ts';

export const show: Command = {
  name: 'show',
  usage: 'RUN [--candidate N] [--example ID] [--json]',
  summary: 'Prints a run, one of its candidates, or one of its examples',
  help: [
    [
      '--candidate N',
      'a number, `seed`, `best` or a name of an evaluation: its texts, scores and the reflection that wrote it',
    ],
    ['--example ID', 'its input and every output; with --candidate, the outputs of that candidate'],
    ['--json', 'prints JSON'],
  ],
  options: { candidate: { type: 'string' }, example: { type: 'string' }, json: { type: 'boolean' } },
  arguments: [1, 1],
  run(call, { out }) {
    const source = sourceOf(openRun(call.positionals[0]!));
    const [name, id] = [textOf(call, 'candidate'), textOf(call, 'example')];
    const candidate = name === undefined ? undefined : candidateOf(source.data, name);
    const [json, text] =
      id !== undefined
        ? exampleView(source, exampleOf(source.data, id), candidate)
        : candidate !== undefined
          ? candidateView(source, candidate)
          : source.data.kind === 'evaluation'
            ? evaluationView(source.data)
            : runView(source.data);
    out(call.values.json ? visibleJson(json) : text().join('\n'));
  },
};

/** A view: its data as JSON, and its lines of text. */
type View = readonly [json: unknown, text: () => string[]];

const MAX_ROWS = 20;

function runView(run: RunData): View {
  const verdict = verdictOf(run);
  const counts = countsOf(run.proposals);
  const { runId, state, stopReason, bestIndex, score, test, metricCalls, iterations, warnings, usage } = run;
  const candidates = run.candidates.map(({ scores, objectiveScores, texts, ...candidate }) => candidate);
  const json = {
    runId,
    state,
    stopReason,
    verdict: verdict.sentence,
    bestIndex,
    score,
    test,
    metricCalls,
    iterations,
    usage,
    proposals: counts,
    candidates,
    warnings,
  };
  const top = run.candidates.toSorted((a, b) => b.mean - a.mean).slice(0, MAX_ROWS);
  return [
    json,
    () => [
      ...[
        verdict.sentence,
        ...verdict.notes,
        stopReason === undefined
          ? `The run is ${state}.`
          : `Ended because ${describeStopReason(stopReason, run.budgetHeld)}.`,
      ].flatMap(wrapped),
      '',
      ...wrapped(
        `${countOf(metricCalls, 'metric call')} in ${countOf(iterations, 'iteration')}; ${proposalsText(counts)}.`,
      ),
      '',
      ...top.map(
        ({ index, mean, coverage, parents }) =>
          `  ${index === bestIndex ? '*' : ' '} ${String(index).padStart(3)}  ${formatScore(mean)} on ${countOf(coverage, 'example')}${parents.length === 0 ? ', the seed' : `, from ${parents.join(' and ')}`}`,
      ),
      ...(run.candidates.length > top.length ? [`    … ${run.candidates.length - top.length} more`] : []),
      ...(warnings.length === 0 ? [] : ['', ...warnings.flatMap((warning) => listItem('!', warning))]),
    ],
  ];
}

/** All candidates, and the first one compared with each of the others. */
function evaluationView(run: RunData): View {
  const { runId, state, stopReason, metricCalls, usage, warnings } = run;
  const candidates = run.candidates.map((candidate) => comparedOf(run, candidate, candidate.scores));
  const [first, ...others] = candidates;
  const comparisons = others.map((other) => compareEvaluations(first!, other));
  const endedEarly = stopReason === 'evaluated' ? undefined : stopReason;
  return [
    {
      runId,
      state,
      stopReason,
      metricCalls,
      usage,
      candidates: candidates.map(({ examples, ...candidate }) => candidate),
      comparisons,
      warnings,
    },
    () => [
      describeEvaluation({
        candidates: Object.fromEntries(candidates.map((candidate) => [candidate.name, candidate])),
        stopReason: endedEarly,
        warnings,
      }),
      ...(stopReason === undefined ? ['', `The evaluation is ${state}.`] : []),
      ...comparisons.flatMap((comparison) => ['', describeComparison(comparison)]),
    ],
  ];
}

function countsOf(proposals: readonly ProposalData[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of proposals) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** A task is skipped, without a proposal, when its parent is perfect on the minibatch. */
function proposalsText({ skipped = 0, ...counts }: Readonly<Record<string, number>>): string {
  const made = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const fates = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
  return [
    [countOf(made, 'proposal'), ...(made === 0 ? [] : [fates.join(', ')])].join(': '),
    ...(skipped === 0 ? [] : [`${countOf(skipped, 'task')} skipped`]),
  ].join('; ');
}

function candidateView(source: ReportSource, candidate: CandidateData): View {
  const { data } = source;
  const { scores, texts, index, mean, coverage, parents, evaluated } = candidate;
  const proposal = candidate.proposal === undefined ? undefined : data.proposals[candidate.proposal - 1];
  const reflections = (proposal?.reflections ?? []).flatMap((number) => {
    const head = data.reflections[number];
    if (head === undefined) return [];
    const { detail, ...rest } = head;
    return [{ ...rest, ...source.reflection(detail) }];
  });
  const scoresById = Object.fromEntries(
    scores.flatMap((score, position) =>
      score === null ? [] : [[data.examples[data.valset[position]!]?.id ?? String(position), score]],
    ),
  );
  return [
    { ...candidate, scores: scoresById, proposal, reflections },
    () => [
      `${evaluated === undefined ? `Candidate ${index}${index === data.bestIndex ? ', the best' : ''}` : visible(evaluated.name)}: ${formatScore(mean)} on ${countOf(coverage, 'example')}${parents.length === 0 ? '' : `; from ${parents.join(' and ')}`}`,
      ...(proposal === undefined
        ? []
        : [
            `Proposal ${proposal.number}, ${proposal.status} with ${formatGain(total(proposal.after) - total(proposal.before))} on ${countOf(proposal.minibatch.length, 'example')} of its minibatch`,
          ]),
      ...Object.entries(texts).flatMap(([name, text]) => ['', `── ${visible(name)}`, visible(text)]),
      ...reflections.flatMap(({ components, answer }) => [
        '',
        `── answer of the reflection model on ${components.map(visible).join(', ')}`,
        visible(answer),
      ]),
    ],
  ];
}

function exampleView(source: ReportSource, example: number, candidate: CandidateData | undefined): View {
  const { id } = source.data.examples[example]!;
  const rollouts = source.data.rollouts.filter(
    (rollout) =>
      rollout.example === example && (candidate === undefined || rollout.candidate === candidate.index),
  );
  const detail = exampleDetail(source, example, rollouts);
  return [
    { id, ...detail },
    () => [
      `Example ${visible(id)}`,
      ...labelled('input', detail.input),
      ...labelled('expected', detail.expected),
      ...detail.rollouts.flatMap((rollout) => rolloutLines(rollout, whoOf(source.data, rollout))),
      ...(detail.rollouts.length === 0 ? ['', 'It was not run.'] : []),
    ],
  ];
}

/** The candidate or proposal that was run, and the phase. */
function whoOf({ candidates }: RunData, { candidate, proposal, phase }: PageRollout): string {
  if (candidate === undefined) return `proposal ${proposal}, ${phase}`;
  const { evaluated } = candidates[candidate] ?? {};
  if (evaluated !== undefined) return visible(evaluated.name);
  return `${candidate === 0 ? 'seed' : `candidate ${candidate}`}, ${phase}`;
}

function rolloutLines({ score, error, detail }: PageRollout, who: string): string[] {
  return [
    '',
    `── ${who}: ${formatScore(score)}`,
    ...(error === undefined ? labelled('output', detail?.output) : labelled('error', error)),
    ...(detail?.feedback === undefined ? [] : labelled('feedback', detail.feedback)),
  ];
}

function labelled(label: string, value: unknown): string[] {
  if (value === undefined) return [];
  const text = visible(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return [text.includes('\n') ? `${label}:\n${text}` : `${label}: ${text}`];
}

const total = (scores: readonly number[]): number => scores.reduce((sum, score) => sum + score, 0);
