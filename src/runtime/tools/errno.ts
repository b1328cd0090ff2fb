const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  ENOTDIR: 'it, or a part of its path, is a file and not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'a name in the path is too long',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many files are open',
};

/** The system's error code of an error; empty where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Why a system call failed, as the end of a sentence without its full stop. */
export function reasonOf(error: unknown): string {
  const known = reasons[codeOf(error)];
  return known ?? (error instanceof Error ? error.message : String(error));
}
