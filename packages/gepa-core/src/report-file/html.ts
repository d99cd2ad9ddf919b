import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GepaError } from '../errors.ts';

/** The built page, split at the places for its data. */
export interface Template {
  /** The start of the page. `connect`: whether the page may request data from its server. */
  head(connect: "'none'" | "'self'"): string;
  /** The part between the data that the page needs first and the rest. */
  readonly middle: string;
  readonly end: string;
}

/**
 * The page that `npm run build` puts beside the package's code.
 *
 * @throws {GepaError} when it is missing, as in a bundle.
 */
export function readTemplate(): Template {
  const html = readFileSync(templatePath(), 'utf8');
  const [head, rest] = html.split('<!--gepa:first-->') as [string, string];
  const [middle, end] = rest.split('<!--gepa:rest-->') as [string, string];
  return { head: (connect) => head.replace('<!--gepa:connect-->', connect), middle, end };
}

/** Looks upwards from this module's folder: the page is beside its chunk in `dist`, or in the build of a checkout. */
function templatePath(): string {
  let folder = import.meta.dirname;
  for (let parent = dirname(folder); parent !== folder; [folder, parent] = [parent, dirname(parent)]) {
    const path = ['report.html', 'report-page/dist/report.html']
      .map((name) => join(folder, name))
      .find((path) => existsSync(path));
    if (path !== undefined) return path;
  }
  throw new GepaError(
    'The file report.html of gepa-core is missing. In a checkout, run `npm run build`; in a bundle, leave gepa-core out of it.',
  );
}

/** A block of data, in base64, which cannot close its element. */
export const block = (name: string, packed: Uint8Array): string =>
  `<script type="text/plain" id="gepa-${name}">${Buffer.from(packed).toString('base64')}</script>\n`;
