/** The file system's reasons in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is a file',
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** Why a file could not be read or written. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as Error & { code?: string };
  return reasons[code ?? ''] ?? message;
}
