import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** `sun_path` has 108 bytes on Linux and 104 elsewhere; the last one is a zero. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

export const onWindows = process.platform === 'win32';

export type LocalAddress = {
  /** What the operating system is told. */
  readonly name: string;
  /** The address lies in the folder for temporary files, where other users can make files too. */
  readonly temporary: boolean;
};

/**
 * Where the socket for `path` is: at the path itself; where that is too long for a socket, at a short one made from its hash
 * in `<tmp>/farhand-<uid>/`; on Windows a named pipe made from the hash.
 */
export function localAddress(path: string): LocalAddress {
  const full = resolve(path);
  const hash = createHash('sha256').update(full).digest('hex').slice(0, 32);
  if (onWindows) return { name: `\\\\.\\pipe\\farhand-${hash}`, temporary: false };
  if (Buffer.byteLength(full) <= MAX_SOCKET_PATH) return { name: full, temporary: false };
  return { name: join(tmpdir(), `farhand-${userInfo().uid}`, hash), temporary: true };
}

/**
 * Makes the address's folder, for this user alone (0700): that keeps others out before the socket has its own mode, and from
 * putting a socket of theirs in its place. Returns what is wrong with the folder, if anything.
 */
export async function claimFolder(address: LocalAddress): Promise<string | undefined> {
  const folder = dirname(address.name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const problem = await folderProblem(address);
  if (problem) return problem;
  const { mode } = await stat(folder);
  if ((mode & 0o1000) !== 0) return `${folder} is a folder for all users; choose one of your own`;
  if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  return undefined;
}

/** Why nothing that lies in the address's folder can be trusted, if so. */
export async function folderProblem(address: LocalAddress): Promise<string | undefined> {
  const folder = dirname(address.name);
  // A link is somebody's choice in a home; in the temporary folder it may be a trap.
  const entry = await (address.temporary ? lstat(folder) : stat(folder));
  if (!entry.isDirectory()) return `${folder} is no folder; remove it`;
  if (entry.uid !== userInfo().uid) return `${folder} belongs to another user; choose a folder of your own`;
  return undefined;
}
