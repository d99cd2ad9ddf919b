import { resolve } from 'node:path';
import { JournalDamagedError } from '../../errors.ts';
import { interruptible } from '../../node/interrupt.ts';
import { watchRun } from '../../report-file/watch-server.ts';
import { readRun } from '../../run-data/read-run.ts';
import { visibleJson } from '../../text/visible.ts';
import { type Command, textOf } from '../command.ts';
import { UsageError } from '../usage-error.ts';

export const watch: Command = {
  name: 'watch',
  usage: 'RUN [--port N] [--json]',
  summary: 'Serves the page on this machine and follows the run live',
  help: [
    ['--port N', 'the port; default any that is free'],
    ['--json', 'prints the address as JSON'],
    ['', 'The run may start later, from another process. Ctrl-C ends watching, not the run.'],
  ],
  options: { port: { type: 'string' }, json: { type: 'boolean' } },
  arguments: [1, 1],
  async run(call, { out }) {
    const port = Number(textOf(call, 'port') ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new UsageError('--port takes a port number.');
    const runDir = resolve(call.positionals[0]!);
    refuseUnreadable(runDir);
    using interrupt = interruptible();
    const { signal } = interrupt;
    const server = await watchRun(runDir, { port });
    out(
      call.values.json
        ? visibleJson({ url: server.url })
        : `${server.url}\nFollowing ${runDir}; Ctrl-C ends it.`,
    );
    await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    await server.close();
  },
};

/** Refuses a run that cannot be read. One that has not started yet can be watched. */
function refuseUnreadable(runDir: string): void {
  try {
    readRun(runDir);
  } catch (error) {
    if (JournalDamagedError.isInstance(error)) throw error;
  }
}
