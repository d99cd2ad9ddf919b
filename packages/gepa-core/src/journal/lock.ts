import { RunDirectoryLockedError } from '../errors.ts';
import { builtin } from '../node/builtin.ts';

/** How often an owner renews its lock, in milliseconds. */
const heartbeatMs = 10_000;
/** The age after which the lock of a process that cannot be looked up counts as abandoned, in milliseconds. */
const silenceMs = 60_000;

const schema = { pid: 'number', host: 'string', since: 'string', id: 'string' } as const;

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly id: string;
  /** The set of processes in which the process id is unique. Containers may share a host name and even a process id. */
  readonly space?: string;
  /** When the process started, where the system reports it, since process ids are reused. */
  readonly began?: string;
}

/** The locks of this copy of the module. */
const ownLocks = new Set<string>();

/**
 * Locks a directory for this process until `release`, or until the process ends.
 *
 * @param onLost called when another process has taken the lock over, or when the lock was deleted.
 * @throws {RunDirectoryLockedError} when another process has locked it.
 */
export function lockDirectory(directory: string, onLost: (error: Error) => void): { release(): void } {
  const fs = fileSystem();
  const path = `${fs.realpathSync(directory)}/lock`;
  const owner: Owner = {
    pid: process.pid,
    host: hostName(),
    since: new Date().toISOString(),
    id: crypto.randomUUID(),
    space: processSpace(),
    began: beganAt(process.pid),
  };
  while (!take(path, owner)) {
    const other = readOwner(path);
    if (other === 'gone') continue;
    if (isAlive(other, path) || !takeOver(path, other, owner)) {
      throw new RunDirectoryLockedError(lockedMessage(directory, path, other));
    }
    break;
  }
  ownLocks.add(owner.id);
  const heartbeat = setInterval(() => {
    const found = readOwner(path);
    if (idOf(found) === owner.id) {
      const now = new Date();
      fs.utimes(path, now, now, () => {});
      return;
    }
    clearInterval(heartbeat);
    onLost(
      found === 'gone'
        ? Object.assign(new Error(`${path} was deleted`), { code: 'ENOENT' })
        : new Error('another process has taken over its lock'),
    );
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

/** Whether a process works in the directory. */
export function isLocked(directory: string): boolean {
  const path = `${directory}/lock`;
  const owner = readOwner(path);
  return owner !== 'gone' && isAlive(owner, path);
}

/**
 * Identifies the set of processes whose ids can be compared with those of this process: one container, or one machine
 * since it was started.
 */
export function processSpace(): string {
  const fs = fileSystem();
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fs.readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    const networks = Object.values(builtin('node:os', 'leave `runDir` out.').networkInterfaces()).flat();
    const addresses = networks.flatMap((network) => (network?.internal ? [] : (network?.mac ?? [])));
    return `${hostName()} ${[...new Set(addresses)].sort().join(' ')}`;
  }
}

/** A link is created atomically, and by one process only. */
function take(path: string, owner: Owner): boolean {
  const fs = fileSystem();
  const draft = `${path}.${owner.id}`;
  const text = textOf(owner);
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

/**
 * Replaces a stale lock by one of `owner`, unless another process has done so meanwhile. Only one process at a time
 * may, since a lock that is found stale could be a new one by the time it is replaced.
 */
function takeOver(path: string, stale: Owner | 'unreadable', owner: Owner): boolean {
  const fs = fileSystem();
  const guard = `${path}.takeover`;
  try {
    fs.mkdirSync(guard);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    // A directory that a killed process left.
    if (Date.now() - modifiedAt(guard) > silenceMs) fs.rmSync(guard, { recursive: true, force: true });
    return false;
  }
  const draft = `${path}.${owner.id}`;
  try {
    const other = readOwner(path);
    if (other === 'gone') return take(path, owner);
    if (idOf(other) !== idOf(stale) || isAlive(other, path)) return false;
    fs.writeFileSync(draft, textOf(owner), { mode: 0o600 });
    fs.renameSync(draft, path);
    return true;
  } finally {
    fs.rmSync(draft, { force: true });
    fs.rmSync(guard, { recursive: true, force: true });
  }
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

const textOf = (owner: Owner): string => `${JSON.stringify(owner)}\n`;

const idOf = (owner: Owner | 'unreadable' | 'gone') => (typeof owner === 'string' ? owner : owner.id);

function isAlive(owner: Owner | 'unreadable', path: string): boolean {
  if (owner === 'unreadable' || owner.space !== processSpace()) return isRenewed(path);
  if (owner.pid === process.pid) {
    // That of a thread, or of another copy of this module, has a timer of its own.
    return ownLocks.has(owner.id) || (isOfThisProcess(owner) && isRenewed(path));
  }
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return owner.began === undefined || owner.began === beganAt(owner.pid);
}

const isRenewed = (path: string): boolean => Date.now() - modifiedAt(path) < silenceMs;

/** Whether this process wrote a lock with its process id, and not an earlier one with the same. */
function isOfThisProcess({ began, since }: Owner): boolean {
  if (began !== undefined) return began === beganAt(process.pid);
  return Date.parse(since) >= Date.now() - process.uptime() * 1000;
}

/** In ticks since the system started, where it has /proc. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = fileSystem().readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may contain anything.
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
  return `The run directory ${directory} is in use by ${who}. Wait for it, use another runDir, or, if you know that it has ended, delete ${path}. A lock that is not renewed counts as abandoned after ${silenceMs / 1000} s.`;
}

const codeOf = (error: unknown) => (error as { code?: string }).code;
const fileSystem = () => builtin('node:fs', 'leave `runDir` out.');
const hostName = () => builtin('node:os', 'leave `runDir` out.').hostname();
