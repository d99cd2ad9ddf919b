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

it('selectComponents without options selects all components in the order found', () => {
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
])('selectComponents with include %j selects %j', (include, expected) => {
  expect(names({ include })).toEqual(expected);
});

it('exclude removes components that include selected', () => {
  expect(names({ include: ['extract.*'], exclude: ['*.human'] })).toEqual(['extract.system']);
});

it('rename changes the public name and keeps the found name', () => {
  expect(
    selectComponents(found, { include: ['route.system'], rename: { 'route.system': 'router' } }),
  ).toEqual([{ name: 'router', foundName: 'route.system', component: found['route.system'] }]);
});

it('rename can swap the names of two components', () => {
  expect(
    names({
      include: ['extract.*'],
      rename: { 'extract.system': 'extract.human', 'extract.human': 'extract.system' },
    }),
  ).toEqual(['extract.human', 'extract.system']);
});

describe('selectComponents throws OptionsError', () => {
  it.each<[string, Parameters<typeof selectComponents>[1], string[]]>([
    ['a name that does not exist', { include: ['rout.system'] }, ['`include` names "rout.system"']],
    ['a pattern that matches nothing', { exclude: ['*.tool'] }, ['`exclude` names "*.tool"']],
    [
      'a pattern in which ? must not match a dot',
      { include: ['extract?system'] },
      ['`include` names "extract?system"'],
    ],
    ['a rename of a component that does not exist', { rename: { router: 'x' } }, ['`rename` names "router"']],
    ['a pattern in rename', { rename: { '*': 'x' } }, ['`rename` names "*"']],
    [
      'two components with the same name',
      { rename: { 'a+b': 'route.system' } },
      ['Two components would be named "route.system"'],
    ],
    ['a selection that leaves no component', { exclude: ['*'] }, ['leave no component']],
    ['several problems, all reported at once', { include: ['x'], exclude: ['y'] }, ['"x"', '"y"']],
  ])('selectComponents refuses %s', (_, options, words) => {
    const reported = problems(options);
    expect(reported).toHaveLength(words.length);
    reported.forEach((problem, i) => {
      expect(problem).toContain(words[i]);
    });
  });

  it('the error of selectComponents lists the components that were found', () => {
    expect(problems({ include: ['x'] })[0]).toContain('extract.system, extract.human, route.system, a+b');
  });
});
