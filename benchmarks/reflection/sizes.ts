import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cases, promptOf } from './cases.ts';

/** Prints how long the reflection prompts are. `--write <folder>` also writes the prompts there. */
const [flag, folder] = process.argv.slice(2);
if (flag === '--write' && folder !== undefined) mkdirSync(folder, { recursive: true });

const rows = cases.flatMap((recorded) => {
  const names = Object.keys(recorded.baseline);
  const single = names.map((name) => ({
    recorded,
    names: [name],
    baseline: recorded.baseline[name]!,
  }));
  // One prompt for all components replaces one for each.
  const all = { recorded, names, baseline: single.reduce((sum, row) => sum + row.baseline, 0) };
  return names.length === 1 ? single : [...single, all];
});

console.log('| case | components | before | now | ratio |\n| --- | --- | ---: | ---: | ---: |');
const ratios: number[] = [];
for (const { recorded, names, baseline } of rows) {
  const prompt = await promptOf(recorded, names);
  const components = names.length === 1 ? names[0]! : 'all';
  if (flag === '--write' && folder !== undefined) {
    writeFileSync(join(folder, `${recorded.name}.${components}.md`), prompt);
  }
  const ratio = prompt.length / baseline;
  console.log(`| ${recorded.name} | ${components} | ${baseline} | ${prompt.length} | ${ratio.toFixed(2)} |`);
  ratios.push(ratio);
}
const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
console.log(`\nMean ratio: ${mean.toFixed(2)}`);
