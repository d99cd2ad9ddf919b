import type { AnyRollout } from '../../adapter/any.ts';

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The fields of a rollout, some of which may be undefined. */
export type RolloutFields = {
  readonly [Name in keyof AnyRollout]:
    | AnyRollout[Name]
    | (Name extends 'example' | 'exampleId' | 'score' ? never : undefined);
};

/** A rollout with the fields that are not undefined. */
export function rolloutOf(fields: RolloutFields): AnyRollout {
  const { example, exampleId, score } = fields;
  const { output, trace, unread, images, repeatScore, objectives } = fields;
  const { feedback, componentFeedback, error, failedIn, isHopeless } = fields;
  const rollout: Writable<AnyRollout> = { example, exampleId, score };
  if (output !== undefined) rollout.output = output;
  if (trace !== undefined) rollout.trace = trace;
  if (unread !== undefined) rollout.unread = unread;
  if (images !== undefined) rollout.images = images;
  if (repeatScore !== undefined) rollout.repeatScore = repeatScore;
  if (objectives !== undefined) rollout.objectives = objectives;
  if (feedback !== undefined) rollout.feedback = feedback;
  if (componentFeedback !== undefined) rollout.componentFeedback = componentFeedback;
  if (error !== undefined) rollout.error = error;
  if (failedIn !== undefined) rollout.failedIn = failedIn;
  if (isHopeless !== undefined) rollout.isHopeless = isHopeless;
  return rollout;
}
