import { describe, expect, it } from 'vitest';
import { OptionsError } from '../errors.ts';
import { selectComponents } from './select-components.ts';

const found = {
  'extract.system': { text: 'Extract.' },
  'extract.human': { text: '{ticket}' },
  'route.system': { text: 'Route.' },
  'a+b': { text: 'Odd.' },
};
const names = (options: Parameters<typeof selectComponents>[1]) =>
  selectComponents(found, options).map(({ name }) => name);
const problems = (options: Parameters<typeof selectComponents>[1]) => {
  try {
    selectComponents(found, options);
  } catch (error) {
    if (OptionsError.isInstance(error)) return error.problems;
  }
  return [];
};

it('without options all take part, in the order found', () => {
  expect(names({})).toEqual(Object.keys(found));
});

it.each([
  [['route.system'], ['route.system']],
  [['extract.*'], ['extract.system', 'extract.human']],
  [['*.system'], ['extract.system', 'route.system']],
  [['*'], Object.keys(found)],
  [['e*.h*n'], ['extract.human']],
  [
    ['route.system', 'extract.*'],
    ['extract.system', 'extract.human', 'route.system'],
  ],
  [['a+b'], ['a+b']],
])('include %j keeps %j', (include, expected) => {
  expect(names({ include })).toEqual(expected);
});

it('exclude takes away from what include leaves', () => {
  expect(names({ include: ['extract.*'], exclude: ['*.human'] })).toEqual(['extract.system']);
});

it('rename gives new names and keeps the found ones', () => {
  expect(
    selectComponents(found, { include: ['route.system'], rename: { 'route.system': 'router' } }),
  ).toEqual([{ name: 'router', foundName: 'route.system', component: found['route.system'] }]);
});

it('two components may trade names', () => {
  expect(
    names({
      include: ['extract.*'],
      rename: { 'extract.system': 'extract.human', 'extract.human': 'extract.system' },
    }),
  ).toEqual(['extract.human', 'extract.system']);
});

describe('what cannot be meant is refused, all of it at once', () => {
  it.each<[string, Parameters<typeof selectComponents>[1], string[]]>([
    ['a name that is not there', { include: ['rout.system'] }, ['`include` names "rout.system"']],
    ['a pattern that fits nothing', { exclude: ['*.tool'] }, ['`exclude` names "*.tool"']],
    ['a dot that is meant as a dot', { include: ['extract?system'] }, ['`include` names "extract?system"']],
    ['a new name for nothing', { rename: { router: 'x' } }, ['`rename` names "router"']],
    ['a pattern to rename', { rename: { '*': 'x' } }, ['`rename` names "*"']],
    [
      'two of one name',
      { rename: { 'a+b': 'route.system' } },
      ['Two components would be called "route.system"'],
    ],
    ['nothing left', { exclude: ['*'] }, ['leave no component']],
    ['several faults', { include: ['x'], exclude: ['y'] }, ['"x"', '"y"']],
  ])('%s', (_, options, words) => {
    const told = problems(options);
    expect(told).toHaveLength(words.length);
    told.forEach((problem, i) => {
      expect(problem).toContain(words[i]);
    });
  });

  it('and says what was found', () => {
    expect(problems({ include: ['x'] })[0]).toContain('extract.system, extract.human, route.system, a+b');
  });
});
