import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { publishedPackages, root } from './import-graph.ts';

/**
 * The public API of every entry, from the types that `npm run build` wrote, one file each in `packages/NAME/api/`. A
 * change of the API is a change of these files, which a review sees. Without `--write`, fails when they are out of date.
 */
const isWriting = process.argv.includes('--write');
const temporary = mkdtempSync(join(tmpdir(), 'gepa-api-'));
const outdated: string[] = [];
try {
  for (const { folder, manifest } of publishedPackages) {
    const reports = join(root, folder, 'api');
    mkdirSync(reports, { recursive: true });
    const names = new Set<string>();
    for (const [path, target] of Object.entries(manifest.exports ?? {})) {
      if (typeof target === 'string') continue;
      const name = `${path === '.' ? 'index' : path.slice(2)}.api.md`;
      names.add(name);
      if (writeReport(folder, target.import!.replace(/\.js$/, '.d.ts'), name))
        outdated.push(join(folder, 'api', name));
    }
    // The report of an entry that exists no longer.
    for (const name of readdirSync(reports).filter((file) => !names.has(file))) {
      if (isWriting) rmSync(join(reports, name));
      outdated.push(join(folder, 'api', name));
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (outdated.length === 0) console.log('The API reports are up to date.');
else
  console.log(
    isWriting
      ? `Written: ${outdated.join(', ')}`
      : 'The public API changed. If that is meant: npm run api-report -- --write',
  );
process.exit(isWriting || outdated.length === 0 ? 0 : 1);

/** Whether the report changed. */
function writeReport(folder: string, types: string, name: string): boolean {
  const projectFolder = join(root, folder);
  const entry = join(projectFolder, types);
  if (!existsSync(entry)) throw new Error(`There is no ${entry}. Run \`npm run build\` first.`);
  const reportFolder = join(projectFolder, 'api');
  const silent = { default: { logLevel: ExtractorLogLevel.None } };
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, 'package.json'),
    configObject: {
      projectFolder,
      mainEntryPointFilePath: entry,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2023',
            lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
            module: 'NodeNext',
            moduleResolution: 'NodeNext',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [entry],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder,
        reportTempFolder: temporary,
        // A break in a type that is only reached through another one is a break, too.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: silent,
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
      },
    },
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: isWriting,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) throw new Error(message.text);
    },
  });
  if (apiReportChanged && !isWriting) {
    const diff = ['--no-pager', 'diff', '--no-index', join(reportFolder, name), join(temporary, name)];
    console.log(spawnSync('git', diff, { encoding: 'utf8' }).stdout);
  }
  return apiReportChanged;
}
