import type { Component } from '../component.ts';
import { type Colors, colorsOf } from './colors.ts';
import { visible } from './visible.ts';
import { listItem, REPORT_WIDTH } from './wrap.ts';

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
  const componentLines = Object.entries(target.components).flatMap(([name, component]) =>
    linesOf(name, component, colors),
  );
  const skippedLines = (target.skipped ?? []).flatMap(({ location, reason, hint }) =>
    listItem(colors.yellow('!'), `${location}: ${reason.replace(/\.$/, '')}. ${hint}`),
  );
  return [
    ...componentLines,
    ...(skippedLines.length === 0 ? [] : ['', colors.bold('Skipped'), ...skippedLines]),
  ].join('\n');
}

function linesOf(name: string, { text, location }: Component, { bold, dim }: Colors): string[] {
  const [first = '', ...more] = visible(text.trim()).split('\n');
  const shown = first.length > REPORT_WIDTH - 4 ? `${first.slice(0, REPORT_WIDTH - 5)}…` : first;
  return [
    `${bold(name)}${location === undefined ? '' : `  ${dim(location)}`}`,
    dim(`  ${shown}${more.length === 0 ? '' : ' …'}`),
  ];
}
