import type { Draws } from '../draws.ts';
import type { Observation, Texts } from '../task.ts';
import { encode, SkillLandscape, type SkillOptions } from './skills.ts';

/**
 * Two approaches. The first improves quickly and ends low. A change to the second is worse at first on most skills and
 * better on a few, but has high ceilings: a search that only follows the highest mean stays with the first.
 */
export class DeceptiveLandscape extends SkillLandscape {
  readonly #change: number;

  /** @param change The probability that a rewrite changes to the second approach. */
  constructor(seed: number, options: SkillOptions & { readonly change: number }) {
    super(seed, options);
    this.#change = options.change;
  }

  override rewrite(
    texts: Texts,
    component: string,
    observations: readonly Observation[],
    draws: Draws,
  ): string {
    const state = this.stateOf(texts[component]!);
    const text = super.rewrite(texts, component, observations, draws);
    if (state.style === 1 || !draws.chance(this.#change)) return text;
    const levels = state.levels.map((level, skill) =>
      skill % 3 === 0 ? Math.min(0.9, level + 0.3) : level * 0.55,
    );
    return encode({ ...this.stateOf(text), style: 1, levels });
  }

  protected override ceiling(component: number, skill: number, style: number): number {
    return style === 1 ? 0.9 : super.ceiling(component, skill, style);
  }
}
