import { parseArgs } from 'node:util';
import { reportWidth, wrapped, wrapText } from '../report/wrap.ts';
import { messageOf } from '../text/error-message.ts';
import { visible } from '../text/visible.ts';
import { VERSION } from '../version.ts';
import type { Call, Command, Io } from './command.ts';
import { diff } from './commands/diff.ts';
import { exportCandidate } from './commands/export.ts';
import { ls } from './commands/ls.ts';
import { report } from './commands/report.ts';
import { show } from './commands/show.ts';
import { watch } from './commands/watch.ts';
import { UsageError } from './usage-error.ts';

const commands: readonly Command[] = [report, watch, show, diff, ls, exportCandidate];

/** Runs one command. @returns the exit code: 0, 1 when it failed, 2 when the command line is wrong. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') {
    io.out(VERSION);
    return 0;
  }
  if (name === undefined) {
    io.err(overview());
    return 2;
  }
  if (name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    io.out(overview());
    return 0;
  }
  const asked = name === 'help' ? rest[0] : name;
  const command = commands.find((one) => one.name === asked);
  if (command === undefined) {
    io.err(`There is no command "${visible(String(asked))}".\n\n${overview()}`);
    return 2;
  }
  if (name === 'help' || rest.includes('--help') || rest.includes('-h')) {
    io.out(helpOf(command));
    return 0;
  }
  try {
    await command.run(parse(command, rest), io);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`${visible(error.message)}\n\nUsage: gepa ${command.name} ${command.usage}`);
      return 2;
    }
    io.err(visible(messageOf(error)));
    return 1;
  }
}

function parse(command: Command, args: readonly string[]): Call {
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options: command.options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  const { positionals, values } = parsed;
  const [least, most] = command.arguments;
  if (positionals.length < least) throw new UsageError('An argument is missing.');
  if (positionals.length > most) throw new UsageError(`Unexpected argument "${positionals[most]}".`);
  return { positionals, values: values as Call['values'] };
}

function overview(): string {
  return [
    ...wrapped('Shows runs of GEPA from their run directories (the option `runDir`).'),
    '',
    'Usage: gepa COMMAND …',
    '',
    ...columns(commands.map(({ name, usage, summary }) => [`${name} ${usage}`, summary])),
    '',
    ...wrapped(
      'gepa help COMMAND explains one command. Exit codes: 0, 1 after a failure, 2 for a wrong command line.',
    ),
  ].join('\n');
}

function helpOf({ name, usage, summary, help }: Command): string {
  return [
    ...wrapped(summary),
    '',
    `Usage: gepa ${name} ${usage}`,
    ...(help.length === 0 ? [] : ['', ...columns(help)]),
  ].join('\n');
}

/** Where less than this width is left for an explanation, it goes on a line of its own. */
const MIN_MEANING = 40;

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  const left = reportWidth() - width - 4;
  return rows.flatMap(([first, second]) =>
    left < MIN_MEANING
      ? [`  ${first}`, ...wrapText(second, reportWidth() - 6).map((line) => `      ${line}`)]
      : wrapText(second, left).map((line, i) => `  ${(i === 0 ? first : '').padEnd(width)}  ${line}`),
  );
}
