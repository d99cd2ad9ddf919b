import { RunDirectoryLockedError } from '../errors.ts';
import { builtin } from '../node/builtin.ts';

/** How often a holder of a lock says that it is alive, in milliseconds. */
const heartbeatMs = 10_000;
/** A holder on another machine that has been silent for so long is gone. */
const silenceMs = 60_000;

const schema = { pid: 'number', host: 'string', since: 'string', id: 'string' } as const;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly id: string;
  /** When the process began, where the system tells: numbers of processes are used again. */
  readonly began?: string | undefined;
}

/** The locks of this process: its own number in a lock file means nothing after a restart in a container. */
const held = new Set<string>();

/**
 * Makes a directory this process's own until `release`, or until the process is gone.
 *
 * @throws {RunDirectoryLockedError} when another process has it.
 */
export function lockDirectory(directory: string): { release(): void } {
  const fs = fileSystem();
  const path = `${fs.realpathSync(directory)}/lock`;
  const holder: Holder = {
    pid: process.pid,
    host: hostName(),
    since: new Date().toISOString(),
    id: crypto.randomUUID(),
    began: beganAt(process.pid),
  };
  while (!take(path, holder)) {
    const other = readHolder(path);
    if (other === 'gone') continue;
    if (isAlive(other, path) || !remove(path, other)) {
      throw new RunDirectoryLockedError(lockedMessage(directory, path, other));
    }
  }
  held.add(holder.id);
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(path, now, now, () => {});
  }, heartbeatMs);
  heartbeat.unref();
  return {
    release() {
      clearInterval(heartbeat);
      held.delete(holder.id);
      if (idOf(readHolder(path)) === holder.id) fs.rmSync(path, { force: true });
    },
  };
}

/** A link is made whole or not at all, and by one process only. */
function take(path: string, holder: Holder): boolean {
  const fs = fileSystem();
  const draft = `${path}.${holder.id}`;
  const text = `${JSON.stringify(holder)}\n`;
  fs.writeFileSync(draft, text, { mode: 0o600 });
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
  } finally {
    fs.rmSync(draft, { force: true });
  }
  // Some file systems have no links.
  try {
    fs.writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a lock out of the way, unless somebody else has put one of their own there meanwhile. */
function remove(path: string, stale: Holder | 'unreadable'): boolean {
  const fs = fileSystem();
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    fs.renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  const isTheOne = idOf(readHolder(aside)) === idOf(stale);
  if (!isTheOne) fs.copyFileSync(aside, path);
  fs.rmSync(aside, { force: true });
  return isTheOne;
}

function readHolder(path: string): Holder | 'unreadable' | 'gone' {
  try {
    const holder = JSON.parse(fileSystem().readFileSync(path, 'utf8')) as Record<string, unknown>;
    const isWhole = Object.entries(schema).every(([name, type]) => typeof holder[name] === type);
    return isWhole ? (holder as unknown as Holder) : 'unreadable';
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'gone' : 'unreadable';
  }
}

const idOf = (holder: Holder | 'unreadable' | 'gone') => (typeof holder === 'string' ? holder : holder.id);

function isAlive(holder: Holder | 'unreadable', path: string): boolean {
  if (holder === 'unreadable' || holder.host !== hostName()) return Date.now() - modifiedAt(path) < silenceMs;
  if (holder.pid === process.pid) return held.has(holder.id);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // With EPERM it is there, but somebody else's.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return holder.began === undefined || holder.began === beganAt(holder.pid);
}

/** In ticks since the system came up, where the system has /proc. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = fileSystem().readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function modifiedAt(path: string): number {
  return fileSystem().statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function lockedMessage(directory: string, path: string, other: Holder | 'unreadable'): string {
  const who =
    other === 'unreadable'
      ? 'another process'
      : `process ${other.pid} on ${other.host}, since ${other.since}`;
  return `The run directory ${directory} is in use by ${who}. Wait for it, give another runDir, or, if you know that it is gone, delete ${path}.`;
}

const codeOf = (error: unknown) => (error as { code?: string }).code;
const fileSystem = () => builtin('node:fs', 'leave `runDir` out.');
const hostName = () => builtin('node:os', 'leave `runDir` out.').hostname();
