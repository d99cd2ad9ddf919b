#!/usr/bin/env node
import { supportsColor } from '../report/colors.ts';
import { runCli } from './cli.ts';

// No top-level `await`: the package is also built as CommonJS.
void runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  color: supportsColor(process.stdout),
}).then((code) => {
  process.exitCode = code;
});
