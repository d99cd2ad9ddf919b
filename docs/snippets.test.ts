import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const pages = [
  'README.md',
  ...['gepa-core', 'gepa-langchain', 'gepa-mastra'].map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

/**
 * The TypeScript fences of a page; `ts no-check` marks one that is no program. A first line `// name.ts` is the name under
 * which other snippets import it.
 */
function snippetsOf(page: string): { name: string; code: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts(?: \[\w+\])?\n(.*?)^```$/gms)].map(([, code], i) => ({
    name: join(
      root,
      'examples',
      /^\/\/ ([\w-]+\.ts)\n/.exec(code!)?.[1] ?? `${page.replaceAll(/\W/g, '-')}-${i + 1}.ts`,
    ),
    code: `${code}\nexport {};\n`,
  }));
}

const snippets = new Map(pages.flatMap(snippetsOf).map(({ name, code }) => [name, code]));

function diagnose(): ReadonlyMap<string, string[]> {
  const config = ts.readConfigFile(join(root, 'examples/tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(root, 'examples'));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => snippets.has(name) || fileExists(name);
  host.readFile = (name) => snippets.get(name) ?? readFile(name);
  const program = ts.createProgram([...snippets.keys()], options, host);
  const problems = new Map<string, string[]>();
  for (const name of snippets.keys()) {
    const file = program.getSourceFile(name);
    problems.set(
      name,
      [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText, start }) => {
          const line = start === undefined ? 0 : (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
          return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        },
      ),
    );
  }
  return problems;
}

describe('snippets compile against the packages', () => {
  const problems = diagnose();
  it.each([...snippets.keys()])('%s', (name) => {
    expect(problems.get(name)).toEqual([]);
  });
});

/** The install commands of a page, each with the first program after it; in a group of tabs, the one with the same tab. */
function installsOf(page: string): { command: string; code: string }[] {
  const text = readFileSync(join(root, page), 'utf8');
  const fences = [...text.matchAll(/^```(sh|ts)(?: \[(\w+)\])?\n(.*?)^```$/gms)];
  return fences.flatMap(([, language, tab, command], i) => {
    if (language !== 'sh' || !/npm install [@\w]/.test(command!)) return [];
    const program = fences.slice(i + 1).find(([, other, otherTab]) => other === 'ts' && otherTab === tab);
    return program === undefined ? [] : [{ command: command!, code: program[3]! }];
  });
}

const withInstalls = pages
  .map((page) => [page, installsOf(page)] as const)
  .filter(([, all]) => all.length > 0);

it.each(withInstalls)(
  'the install commands of %s name every package that the program after them needs',
  (_, installs) => {
    for (const { command, code } of installs) {
      const installed = [...command.matchAll(/npm install(.*)/g)].flatMap(([, names]) =>
        names!.trim().split(/\s+/),
      );
      const imported = [...code.matchAll(/from '((?:@[\w-]+\/)?[\w-]+)/g)].map(([, name]) => name!);
      // A model by name is created with these.
      const byName = /reflectionModel: 'openai:/.test(code) ? ['langchain', '@langchain/openai'] : [];
      const needed = [...imported, ...byName].filter((name) => name !== 'node');
      expect(installed).toEqual(expect.arrayContaining(needed));
    }
  },
);
