// @module-tag slow
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { screenAfter } from './fixtures/virtual-terminal.ts';

/** Runs a command on a pseudo-terminal of the given width, and copies what it writes there. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
columns = int(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const hasTerminals = spawnSync('python3', ['-c', 'import pty']).status === 0;

describe.skipIf(!hasTerminals).each([80, 120])('on a terminal of %i columns', (columns) => {
  const { stdout, status } = spawnSync(
    'python3',
    [
      '-c',
      onTerminal,
      String(columns),
      process.execPath,
      '--conditions=gepa-source',
      join(import.meta.dirname, 'fixtures', 'noisy-run.ts'),
    ],
    { encoding: 'utf8', env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' }, timeout: 60_000 },
  );
  const screen = screenAfter(stdout, columns);

  it('lines of other code stay whole, with the live line below them', () => {
    expect(status).toBe(0);
    const lines = screen.filter((row) => row.includes('user') || row.includes('half'));
    const others = lines.filter((row) => !row.startsWith('half a line'));
    expect(others.every((row) => /^user (?:line|error) (?:\d+(?:: \w+)?|at the end)$/.test(row))).toBe(true);
    expect(others.length).toBeGreaterThan(5);
    expect(screen.some((row) => row === 'half a line, its other half')).toBe(true);
    expect(screen.at(-2)).toBe('user line at the end');
  });

  it('the live line says which component is reflected on and for how long, while nothing else happens', () => {
    expect(stdout).toMatch(/reflecting on system, [1-9]/);
    const drawn = stdout
      .replaceAll('\r\u001b[K', '\n')
      .split('\n')
      .filter((line) => line.includes('reflecting'));
    expect(drawn.every((line) => line.length < columns)).toBe(true);
  });
});
