import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What `toJSON` returns and `save` writes. */
interface SavedTexts {
  readonly format: 'gepa-candidate';
  readonly version: 1;
  texts: Record<string, string>;
  original: Record<string, string>;
  readonly scores: { validation: { seed: number; best: number } };
}

type ErrorClass = new (...args: never) => Error;

export interface LoadSubject<Program, Options> {
  /** A program with this text in a component. */
  programWith(text: string): Program;
  readonly component: string;
  /** The texts of its other components. */
  readonly otherTexts?: Readonly<Record<string, string>>;
  /** What a call of the program makes of its texts. */
  outputOf(program: Program): Promise<string>;
  /** The same, of a program with this text in the component. */
  outputWith(text: string): string;
  readonly withoutTexts: Program;
  load(program: Program, saved: string | SavedTexts, options?: Options): Program;
  /** `gepa(program, options).load(saved)`. */
  loadByTarget(program: Program, saved: SavedTexts, options: Options): Program;
  /** Options that select the component, name it "tone" and have a `config`. */
  readonly renaming: Options;
  readonly applying: Options & { readonly ifChanged: 'apply' };
  /** Calls of `load` that are refused with an `OptionsError`. */
  readonly refused: readonly {
    readonly what: string;
    readonly call: () => unknown;
    /** A part of the error's message. */
    readonly message: string;
  }[];
  /** Those of gepa-core. */
  readonly errors: {
    readonly CandidateMismatchError: ErrorClass;
    readonly FileFormatError: ErrorClass;
    readonly NoComponentsError: ErrorClass;
    readonly OptionsError: ErrorClass;
  };
}

/** Vitest suite: `load` of a framework package applies a saved candidate. */
export function loadSuite<Program, Options>(name: string, subject: LoadSubject<Program, Options>): void {
  const { component, errors, load, outputOf, outputWith, programWith } = subject;
  const savedAs = (name: string, others: Readonly<Record<string, string>> = {}): SavedTexts => ({
    format: 'gepa-candidate',
    version: 1,
    texts: { ...others, [name]: 'Be polite.' },
    original: { ...others, [name]: 'Be kind.' },
    scores: { validation: { seed: 0.5, best: 1 } },
  });
  const saved = savedAs(component, subject.otherTexts);
  const polite = outputWith('Be polite.');

  describe(`load: ${name}`, () => {
    it('load returns a program with the texts of a saved object and leaves the program itself unchanged', async () => {
      const program = programWith('Be kind.');
      expect(await outputOf(load(program, saved))).toBe(polite);
      expect(await outputOf(program)).toBe(outputWith('Be kind.'));
      expect(polite).not.toBe(outputWith('Be kind.'));
    });

    it('load reads the file that save writes', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'gepa-load-'));
      const path = join(folder, 'saved.gepa.json');
      writeFileSync(path, JSON.stringify(saved));
      expect(await outputOf(load(programWith('Be kind.'), path))).toBe(polite);
      rmSync(folder, { recursive: true });
    });

    it('load gives the same program as gepa(program).load with the same options', async () => {
      const program = programWith('Be kind.');
      const loaded = await outputOf(load(program, savedAs('tone'), subject.renaming));
      expect(loaded).toBe(polite);
      expect(loaded).toBe(await outputOf(subject.loadByTarget(program, savedAs('tone'), subject.renaming)));
    });

    it('load refuses a text that has changed since, unless ifChanged is "apply"', async () => {
      const changed = programWith('Be very kind.');
      expect(() => load(changed, saved)).toThrow(errors.CandidateMismatchError);
      expect(await outputOf(load(changed, saved, subject.applying))).toBe(polite);
    });

    it.each(['appl', true, null])('load refuses ifChanged: %j, and does not apply the texts', (ifChanged) => {
      const options = { ...subject.applying, ifChanged } as unknown as Options;
      for (const text of ['Be kind.', 'Be very kind.']) {
        expect(() => load(programWith(text), saved, options)).toThrow(errors.OptionsError);
        expect(() => load(programWith(text), saved, options)).toThrow("must be 'refuse' or 'apply'");
      }
    });

    it.each(subject.refused)('load throws OptionsError on $what', ({ call, message }) => {
      expect(call).toThrow(errors.OptionsError);
      expect(call).toThrow(message);
    });

    it('load throws on what is not a saved candidate, and on a program without texts', () => {
      const other = { ...saved, version: 2 } as unknown as SavedTexts;
      expect(() => load(programWith('Be kind.'), other)).toThrow(errors.FileFormatError);
      expect(() => load(subject.withoutTexts, saved)).toThrow(errors.NoComponentsError);
    });
  });
}
