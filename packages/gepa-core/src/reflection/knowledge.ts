import type { Mask } from '../masking/mask.ts';
import type { PerComponent } from './answer/text-limits.ts';

/** The caller's knowledge, for the reflection model. */
export interface Knowledge<Name extends string> {
  /**
   * What the reflection model should know: the domain, house rules, what must not change. Shown with every reflection.
   * Default: none.
   */
  readonly background?: string | undefined;
  /** What the program is for and what would make it better; shown with every reflection. Default: none. */
  readonly objective?: string | undefined;
  /** The kind of model that reads the texts, if its name does not show it: `'a small base model'`. Default: none. */
  readonly readerHint?: string | undefined;
  /** Advice on rewriting, for all components or by name: `{ route: 'Keep the list of labels.' }`. Default: none. */
  readonly guidance?: PerComponent<Name, string> | undefined;
  /** What components do in the program, by name. Default: the descriptions that the components have. */
  readonly descriptions?: Partial<Record<Name, string>> | undefined;
  /**
   * Whether the reflection model sees the expected value of each example (`expected`, or else a field with
   * a name such as `answer`, `label` or `ground_truth`). Of use where the metric gives no feedback. Default `false`.
   */
  readonly showExpected?: boolean | undefined;
}

/** Masks the texts, which the reflection model receives. */
export function maskedKnowledge<Known extends Knowledge<string>>(known: Known, mask: Mask): Known {
  const { background, objective, readerHint, guidance, descriptions } = known;
  const texts = { background, objective, readerHint, guidance, descriptions };
  return { ...known, ...(mask.data(texts) as typeof texts) };
}
