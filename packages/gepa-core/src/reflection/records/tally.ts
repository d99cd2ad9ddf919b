/** The results on the examples and the candidate's score on the valset, in one line. */
export function renderTally(request: {
  readonly scores: readonly number[];
  readonly perfectScore: number;
  readonly validationScore?: number;
  /** Successes that are not shown. */
  readonly leftOut?: number;
  /** Successes outside the minibatch that are shown. */
  readonly added?: number;
}): string {
  const { scores, perfectScore, validationScore, leftOut = 0, added = 0 } = request;
  const right = scores.filter((score) => score >= perfectScore).length;
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  return [
    `${right} of ${scores.length} ${scores.length === 1 ? 'example' : 'examples'} right, with a mean score of ${rounded(mean)}`,
    ...(leftOut === 0 ? [] : [`${leftOut} of the right ones not shown below`]),
    ...(added === 0 ? [] : [`${added} that was right before is shown beside these`]),
    ...(validationScore === undefined
      ? []
      : [`on validation the program scores ${rounded(validationScore)}`]),
  ]
    .join('; ')
    .concat('.');
}

function rounded(score: number): string {
  return String(Number(score.toFixed(3)));
}
