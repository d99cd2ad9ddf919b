import { RunDirectoryLockedError } from '../errors.ts';
import { builtin } from '../node/builtin.ts';

/** How often an owner renews its lock, in milliseconds. */
const heartbeatMs = 10_000;
/** The age after which the lock of another machine counts as abandoned, in milliseconds. */
const silenceMs = 60_000;

const schema = { pid: 'number', host: 'string', since: 'string', id: 'string' } as const;

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly id: string;
  /** When the process started, where the system reports it, since process ids are reused. */
  readonly began?: string | undefined;
}

/** The locks of this process: after a restart in a container, its process id in a lock file means nothing. */
const ownLocks = new Set<string>();

/**
 * Locks a directory for this process until `release`, or until the process ends.
 *
 * @throws {RunDirectoryLockedError} when another process has locked it.
 */
export function lockDirectory(directory: string): { release(): void } {
  const fs = fileSystem();
  const path = `${fs.realpathSync(directory)}/lock`;
  const owner: Owner = {
    pid: process.pid,
    host: hostName(),
    since: new Date().toISOString(),
    id: crypto.randomUUID(),
    began: beganAt(process.pid),
  };
  while (!take(path, owner)) {
    const other = readOwner(path);
    if (other === 'gone') continue;
    if (isAlive(other, path) || !remove(path, other)) {
      throw new RunDirectoryLockedError(lockedMessage(directory, path, other));
    }
  }
  ownLocks.add(owner.id);
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(path, now, now, () => {});
  }, heartbeatMs);
  heartbeat.unref();
  return {
    release() {
      clearInterval(heartbeat);
      ownLocks.delete(owner.id);
      if (idOf(readOwner(path)) === owner.id) fs.rmSync(path, { force: true });
    },
  };
}

/** A link is created atomically, and by one process only. */
function take(path: string, owner: Owner): boolean {
  const fs = fileSystem();
  const draft = `${path}.${owner.id}`;
  const text = `${JSON.stringify(owner)}\n`;
  fs.writeFileSync(draft, text, { mode: 0o600 });
  try {
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
  } finally {
    fs.rmSync(draft, { force: true });
  }
  // Some file systems do not support links.
  try {
    fs.writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a stale lock, unless another process has replaced it meanwhile. */
function remove(path: string, stale: Owner | 'unreadable'): boolean {
  const fs = fileSystem();
  const aside = `${path}.${crypto.randomUUID()}`;
  try {
    fs.renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
  const isTheOne = idOf(readOwner(aside)) === idOf(stale);
  if (!isTheOne) fs.copyFileSync(aside, path);
  fs.rmSync(aside, { force: true });
  return isTheOne;
}

function readOwner(path: string): Owner | 'unreadable' | 'gone' {
  try {
    const owner = JSON.parse(fileSystem().readFileSync(path, 'utf8')) as Record<string, unknown>;
    const isWhole = Object.entries(schema).every(([name, type]) => typeof owner[name] === type);
    return isWhole ? (owner as unknown as Owner) : 'unreadable';
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'gone' : 'unreadable';
  }
}

const idOf = (owner: Owner | 'unreadable' | 'gone') => (typeof owner === 'string' ? owner : owner.id);

function isAlive(owner: Owner | 'unreadable', path: string): boolean {
  if (owner === 'unreadable' || owner.host !== hostName()) return Date.now() - modifiedAt(path) < silenceMs;
  if (owner.pid === process.pid) return ownLocks.has(owner.id);
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return owner.began === undefined || owner.began === beganAt(owner.pid);
}

/** In ticks since the system started, where it has /proc. */
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

function lockedMessage(directory: string, path: string, other: Owner | 'unreadable'): string {
  const who =
    other === 'unreadable'
      ? 'another process'
      : `process ${other.pid} on ${other.host}, since ${other.since}`;
  return `The run directory ${directory} is in use by ${who}. Wait for it, use another runDir, or, if you know that it has ended, delete ${path}.`;
}

const codeOf = (error: unknown) => (error as { code?: string }).code;
const fileSystem = () => builtin('node:fs', 'leave `runDir` out.');
const hostName = () => builtin('node:os', 'leave `runDir` out.').hostname();
