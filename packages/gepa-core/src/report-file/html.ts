import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GepaError } from '../errors.ts';

/** The built page, cut where its data goes. */
export interface Template {
  /** The start, for a page that may or may not ask the server it came from. */
  head(connect: "'none'" | "'self'"): string;
  /** Between the data that the page needs first and the rest. */
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

/** From the folder of this module up: beside its chunk in `dist`, or where a checkout builds it. */
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

/** A block of data. Base64 cannot end the element that it is in. */
export const block = (name: string, packed: Uint8Array): string =>
  `<script type="text/plain" id="gepa-${name}">${Buffer.from(packed).toString('base64')}</script>\n`;
