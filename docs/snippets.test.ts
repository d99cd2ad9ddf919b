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
