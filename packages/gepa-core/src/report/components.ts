import type { Component } from '../component.ts';
import { visible } from '../text/visible.ts';
import { type Colors, colorsOf } from './colors.ts';
import { fitted, listItem, reportWidth, wrapSpans } from './wrap.ts';

/** A part of a program whose text was not made a component. */
export interface SkippedPart {
  readonly location: string;
  readonly reason: string;
  /** What makes the text a component. */
  readonly hint: string;
}

export interface DescribeComponentsOptions {
  /** Default: `false`. For the console: `supportsColor(process.stdout)`. */
  readonly color?: boolean;
  /** The width in columns at which lines are wrapped. Default: that of the terminal, at most 100. */
  readonly width?: number;
}

/**
 * Describes the components of a target and the parts of the program that were skipped, with the reasons.
 *
 * @example
 * console.log(describeComponents(gepa(chain)));
 */
export function describeComponents(
  target: {
    readonly components: Readonly<Record<string, Component>>;
    readonly skipped?: readonly SkippedPart[];
  },
  options: DescribeComponentsOptions = {},
): string {
  const colors = colorsOf(options.color ?? false);
  const { width = reportWidth() } = options;
  const componentLines = Object.entries(target.components).flatMap(([name, component]) =>
    linesOf(name, component, width, colors),
  );
  const skippedLines = (target.skipped ?? []).flatMap(({ location, reason, hint }) =>
    listItem(colors.yellow('!'), `${location}: ${reason.replace(/\.$/, '')}. ${hint}`, width),
  );
  return [
    ...componentLines,
    ...(skippedLines.length === 0 ? [] : ['', colors.bold('Skipped'), ...skippedLines]),
  ].join('\n');
}

function linesOf(
  name: string,
  { text, location }: Component,
  width: number,
  { bold, dim }: Colors,
): string[] {
  const [first = '', ...more] = visible(text.trim()).split('\n');
  const title = [
    { text: name, paint: bold },
    ...(location === undefined ? [] : [{ text: `  ${location}`, paint: dim }]),
  ];
  return [
    ...wrapSpans(title, Math.max(20, width - 4)).map((line, i) => (i === 0 ? line : `    ${line}`)),
    dim(
      `  ${fitted(first, Math.max(20, width - 4))}${more.length === 0 || fitted(first, width - 4) !== first ? '' : ' …'}`,
    ),
  ];
}
