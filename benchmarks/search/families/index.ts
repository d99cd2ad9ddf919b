import type { Family } from '../task.ts';
import { DeceptiveLandscape } from './deceptive.ts';
import { RuggedLandscape, type RuggedOptions } from './rugged.ts';
import { SkillLandscape, type SkillOptions } from './skills.ts';

type Settings = Partial<Omit<Family, 'name' | 'description' | 'create'>>;

const defaults = { budget: 600, trainSize: 100, valSize: 60, scoring: { noise: 0 } } as const;

function skills(
  name: string,
  description: string,
  settings: Settings = {},
  options: SkillOptions = {},
): Family {
  return { name, description, ...defaults, ...settings, create: (seed) => new SkillLandscape(seed, options) };
}

function deceptive(name: string, description: string, settings: Settings = {}): Family {
  const options = { components: 1, skillsPerComponent: 9, ceilings: [0.3, 0.5], change: 0.12 } as const;
  return {
    name,
    description,
    ...defaults,
    ...settings,
    create: (seed) => new DeceptiveLandscape(seed, options),
  };
}

function rugged(
  name: string,
  description: string,
  settings: Settings = {},
  options: RuggedOptions = {},
): Family {
  const scoring = { threshold: [0.5, 0.5] } as const;
  return {
    name,
    description,
    ...defaults,
    scoring,
    ...settings,
    create: (seed) => new RuggedLandscape(seed, options),
  };
}

/** With noise, no score is the best that the metric can give. */
const noisy = (noise: number): Settings => ({ scoring: { noise }, options: { skipPerfectScore: false } });

const nearPerfect = {
  skillsPerComponent: 10,
  ceilings: [0.97, 1],
  seedLevels: [0, 0.2],
  lacking: 1,
  success: 0.4,
} as const;

/** All families. The base has two components, 60 validation examples, 600 calls and scores without noise. */
export const families: readonly Family[] = [
  skills('base', '2 components, 60 validation examples, 600 calls'),
  skills('val-12', '12 validation examples', { valSize: 12 }),
  skills('val-20', '20 validation examples', { valSize: 20 }),
  skills('val-200', '200 validation examples', { valSize: 200 }),
  skills('val-1000', '1,000 validation examples', { valSize: 1_000 }),
  skills('train-10', '10 training examples', { trainSize: 10 }),
  skills('calls-150', '150 calls', { budget: 150 }),
  skills('calls-300', '300 calls', { budget: 300 }),
  skills('calls-1500', '1,500 calls', { budget: 1_500 }),
  skills('calls-3000', '3,000 calls', { budget: 3_000 }),
  skills('calls-10000', '10,000 calls', { budget: 10_000 }),
  skills('noise-.1', 'scores with noise of deviation .1', noisy(0.1)),
  skills('noise-.3', 'scores with noise of deviation .3', noisy(0.3)),
  skills('chance', 'scores 0 or 1 by chance', { scoring: 'chance' }),
  skills('threshold', 'scores 0 or 1 by a threshold', { scoring: { threshold: [0.4, 0.7] } }),
  skills('one-component', '1 component', {}, { components: 1, skillsPerComponent: 10 }),
  skills('five-components', '5 components', {}, { components: 5 }),
  skills('memorizing', '70 % of the rewrites repeat the minibatch', {}, { memorizing: 0.7 }),
  skills(
    'memorizing-3',
    '60 % of the rewrites repeat the minibatch and spoil the rest; 3 components, a middling seed',
    {},
    {
      components: 3,
      seedLevels: [0.2, 0.6],
      memorizing: 0.6,
      clutter: 0.4,
    },
  ),
  skills('harmful', '40 % of the rewrites ruin a skill that the minibatch does not show', {}, { harm: 0.4 }),
  skills('near-perfect', 'a seed that fails rarely', { scoring: { threshold: [0.7, 0.9] } }, nearPerfect),
  skills(
    'near-perfect-1',
    'the same with 1 component',
    { scoring: { threshold: [0.7, 0.9] } },
    {
      ...nearPerfect,
      components: 1,
      skillsPerComponent: 20,
    },
  ),
  deceptive('deceptive', 'following the highest mean ends low'),
  deceptive('deceptive-1500', 'the same with 1,500 calls', { budget: 1_500 }),
  rugged('rugged-30', 'rugged, pass or fail, 30 validation examples', { valSize: 30 }),
  rugged('rugged-60', 'rugged, pass or fail', {}),
  rugged('rugged-120', 'rugged, pass or fail, 120 validation examples', { valSize: 120 }),
  rugged('rugged-200calls', 'rugged, pass or fail, 200 calls', { budget: 200 }),
  rugged('rugged-train-20', 'rugged, pass or fail, 20 training examples', { trainSize: 20 }),
];
