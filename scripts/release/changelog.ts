const unreleased = '## Unreleased\n';

/**
 * Moves the lines under _Unreleased_ under a version and its date.
 *
 * @throws {Error} when there is none.
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  if (sectionOf(text, 'Unreleased') === '') {
    throw new Error('CHANGELOG.md has no line under Unreleased, so there is nothing to release.');
  }
  return text.replace(unreleased, `${unreleased}\n## ${version} (${date})\n`);
}

/** The lines under a version, or under `Unreleased`; empty without that heading. */
export function sectionOf(text: string, version: string): string {
  const [, ...sections] = `\n${text}`.split(/\n## (?!#)/);
  const section = sections.find((one) => one.startsWith(`${version} (`) || one.startsWith(`${version}\n`));
  return section?.slice(section.indexOf('\n')).trim() ?? '';
}
