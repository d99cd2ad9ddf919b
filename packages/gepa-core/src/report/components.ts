import type { Component } from '../component.ts';
import { type Colors, colorsOf } from './colors.ts';
import { visible } from './visible.ts';
import { wrapText } from './wrap.ts';

/** A part of a program whose text is not among the components. */
export interface PassedOver {
  readonly location: string;
  readonly reason: string;
  /** What would make it reachable. */
  readonly hint: string;
}

export interface DescribeComponentsOptions {
  /** Default: `false`. For the console: `supportsColor(process.stdout)`. */
  readonly color?: boolean;
}

const WIDTH = 100;

/**
 * Tells people what of a program can be optimized, and what was passed over, why, and how to make it reachable.
 *
 * @example
 * console.log(describeComponents(gepa(chain)));
 */
export function describeComponents(
  target: {
    readonly components: Readonly<Record<string, Component>>;
    readonly skipped?: readonly PassedOver[];
  },
  options: DescribeComponentsOptions = {},
): string {
  const colors = colorsOf(options.color ?? false);
  const { components, skipped = [] } = target;
  const found = Object.entries(components).flatMap(([name, component]) =>
    foundLines(name, component, colors),
  );
  const passed = skipped.flatMap((one) => passedLines(one, colors));
  return [...found, ...(passed.length === 0 ? [] : ['', colors.bold('Passed over'), ...passed])].join('\n');
}

function foundLines(name: string, { text, location }: Component, { bold, dim }: Colors): string[] {
  const [first = '', ...more] = visible(text.trim()).split('\n');
  const shown = first.length > WIDTH - 4 ? `${first.slice(0, WIDTH - 5)}…` : first;
  return [
    `${bold(name)}${location === undefined ? '' : `  ${dim(location)}`}`,
    dim(`  ${shown}${more.length === 0 ? '' : ' …'}`),
  ];
}

function passedLines({ location, reason, hint }: PassedOver, { yellow }: Colors): string[] {
  const told = `${location}: ${reason.replace(/\.$/, '')}. ${hint}`;
  return wrapText(visible(told), WIDTH - 2).map((line, i) =>
    `${i === 0 ? yellow('!') : ' '} ${line}`.trimEnd(),
  );
}
