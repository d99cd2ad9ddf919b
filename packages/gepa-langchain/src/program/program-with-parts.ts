import { type ChildPart, type NodeKind, named, type PartBase } from './node-kind.ts';

/**
 * A program, and the objects that its functions call, as one program: so an object that is in both is found once and
 * replaced in both. The parts come first, because the user named them.
 */
export class ProgramWithParts {
  readonly parts: Readonly<Record<string, object>>;
  readonly program: object;

  constructor(parts: Readonly<Record<string, object>>, program: object) {
    this.parts = parts;
    this.program = program;
  }
}

export const programWithParts: NodeKind = {
  wraps: true,
  matches: (node) => (node as unknown) instanceof ProgramWithParts,
  parts: (node) => {
    const { parts, program } = node as unknown as ProgramWithParts;
    return [
      ...Object.entries(parts).map(
        ([name, child]): ChildPart => ({ at: ['parts', name], child, ...named('part', name) }),
      ),
      { at: ['program'], child: program },
    ];
  },
};

/** The name of the part that a path begins in; `undefined` in the program itself. */
export function partNameOf([root]: readonly {
  readonly node: unknown;
  readonly part: PartBase | undefined;
}[]): string | undefined {
  return root?.node instanceof ProgramWithParts ? root.part?.label?.text : undefined;
}

/** The program itself. */
export function mainProgram<Program>(whole: Program): Program {
  return whole instanceof ProgramWithParts ? (whole.program as Program) : whole;
}
