import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { DialFailure } from '../dial-failure.ts';
import type { Pipe } from '../pipe.ts';
import { type LocalOptions, linePipe } from './line-pipe.ts';
import { claimFolder, folderProblem, localAddress, onWindows } from './local-address.ts';

export type LocalListener = {
  /** The file or the Windows pipe in use, which is not the given path when that is too long. */
  readonly address: string;
  /** Lets nobody in any more and removes the socket file. Open pipes stay open. */
  close(): void;
};

export type ListenFailure = { readonly kind: 'in_use' | 'error'; readonly message: string };

/**
 * Listens on a socket that only this user can reach: mode 0600 in a folder of mode 0700, which is made or tightened (a shared
 * folder, or another user's, is refused). A socket file that a crash left is replaced when nobody answers on it. Callers hold
 * a lock of their own, such as that of the home: without one, two that find the same dead file at once could both replace it.
 */
export async function listenLocal(
  path: string,
  onPipe: (pipe: Pipe) => void,
  options: LocalOptions = {},
): Promise<LocalListener | ListenFailure> {
  const address = localAddress(path);
  const accept = (socket: Socket) => onPipe(linePipe(socket, options));
  try {
    const problem = onWindows ? undefined : await claimFolder(address);
    if (problem) return { kind: 'error', message: `cannot listen at ${path}: ${problem}` };
    let server = await bind(address.name, accept);
    if (!server && (await removeStale(address.name))) server = await bind(address.name, accept);
    if (!server) {
      return {
        kind: 'in_use',
        message: `another process listens at ${path}; connect to it, or end it first`,
      };
    }
    if (!onWindows) await chmod(address.name, 0o600);
    const listening = server;
    return { address: address.name, close: () => void listening.close() };
  } catch (error) {
    return { kind: 'error', message: `cannot listen at ${path}: ${messageOf(error)}` };
  }
}

/** Connects to the process that listens at `path`; `refused` means that none does. */
export async function dialLocal(path: string, options: LocalOptions = {}): Promise<Pipe | DialFailure> {
  const address = localAddress(path);
  try {
    const problem = address.temporary ? await folderProblem(address) : undefined;
    if (problem) return { kind: 'error', message: `cannot connect to ${path}: ${problem}` };
    return linePipe(await connected(address.name), options);
  } catch (error) {
    // Reset before it was taken: whoever listened has left at this very moment.
    if (isCoded(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET')) {
      return { kind: 'refused', message: `nobody listens at ${path}; start the process that should` };
    }
    return { kind: 'error', message: `cannot connect to ${path}: ${messageOf(error)}` };
  }
}

/** Nothing when the address is taken. */
function bind(name: string, accept: (socket: Socket) => void): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer(accept);
    const refused = (error: Error) => (isCoded(error, 'EADDRINUSE') ? done(undefined) : fail(error));
    server.once('error', refused);
    server.listen(name, () => {
      server.off('error', refused);
      done(server);
    });
  });
}

function connected(name: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(name);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      done(socket);
    });
  });
}

/** Removes a socket file that nobody answers on; false when somebody does. */
async function removeStale(name: string): Promise<boolean> {
  if (onWindows || (await answers(name))) return false;
  try {
    if (!(await lstat(name)).isSocket()) throw new Error('a file that is no socket is in the way; remove it');
    await unlink(name);
  } catch (error) {
    if (!isCoded(error, 'ENOENT')) throw error;
  }
  return true;
}

async function answers(name: string): Promise<boolean> {
  try {
    (await connected(name)).destroy();
    return true;
  } catch (error) {
    // Any other error, such as a full queue of connections, comes from somebody who lives.
    return !isCoded(error, 'ENOENT', 'ECONNREFUSED');
  }
}

function isCoded(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
