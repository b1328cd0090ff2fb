import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import type { Process } from '../../core/facts.ts';
import type { Confine } from '../sandbox/sandbox.ts';
import { reasonOf } from './errno.ts';
import { findProgram } from './find-program.ts';
import { OutputFile, outputPath } from './output-file.ts';
import { callVariable, type Killed, kill, killTree, startTimeOf } from './process-tree.ts';
import type { Problem, ToolContext } from './tool.ts';

/** For what ends by itself soon after the shell, as `>(tee log)` does; milliseconds. */
const leftoverGrace = 250;

/**
 * The gate (TOOL-2): the shell waits for one line, the command with its backslashes and line ends escaped. If we die
 * first it reads an end of file and leaves without having done anything. A line has no length limit, unlike an
 * argument or a variable; `unset` and the missing arguments leave the command nothing of the gate to see.
 */
const gate = `IFS= read -r line && line=$(printf '%b.' "$line") && exec </dev/null && eval "unset line; \${line%.}"`;
const throughGate = (command: string) => `${command.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;

/**
 * In order of preference. Node's pipes are sockets, which bash takes for a remote login: without --norc it would run
 * ~/.bashrc, before the gate.
 */
const shells = [['bash', '--norc'], ['sh']] as const;

type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
type Shell = {
  readonly pid: number;
  readonly stdin: Writable;
  readonly exited: Promise<Exit>;
  /** What confines it, for a result that may have come of that; null when nothing does. */
  readonly note: string | null;
};

/** How a command ended, and whether anything of it had to be killed. */
export type End = Exit & Killed;

/** Starts a shell that waits at its gate. Its output goes to a file that is named after the call. */
export async function gatedShell(context: ToolContext): Promise<GatedShell | Problem> {
  if (process.platform === 'win32')
    return { problem: 'Bash needs a POSIX system; on Windows run Farhand inside WSL.' };
  const output = await OutputFile.create(outputPath(context.scratch, context.callId));
  const shell = await spawnShell(output.fd, context);
  if ('problem' in shell) {
    await output.close(false);
    return shell;
  }
  const identity = { pid: shell.pid, startedAt: await startTimeOf(shell.pid) };
  return new GatedShell(shell, identity, output, context.callId);
}

async function spawnShell(fd: number, context: ToolContext): Promise<Shell | Problem> {
  const { cwd, env, callId, confine = unconfined } = context;
  // For a missing working directory, too, the system says that the program does not exist.
  const folder = await stat(cwd).catch(() => null);
  if (!folder?.isDirectory())
    return { problem: `The working directory ${cwd} does not exist. Choose another one.` };
  for (const [name, ...options] of shells) {
    const path = await findProgram(name, env.PATH);
    if (path === null) continue;
    const confined = await confine([path, ...options, '-c', gate, name]);
    if ('problem' in confined) return confined;
    const [program = path, ...args] = confined.command;
    const shell = spawn(program, args, {
      cwd,
      env: { ...env, [callVariable]: callId },
      detached: true,
      stdio: ['pipe', fd, fd],
    });
    const exited = new Promise<Exit>((resolve) => {
      shell.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const failed = await new Promise<Error | null>((resolve) => {
      shell.once('spawn', () => resolve(null));
      shell.once('error', resolve);
    });
    if (!failed && shell.pid !== undefined && shell.stdin)
      return { pid: shell.pid, stdin: shell.stdin, exited, note: confined.note };
    return { problem: `${program} could not be started: ${reasonOf(failed)}.` };
  }
  return { problem: 'Neither bash nor sh was found. Check the PATH that tools get.' };
}

const unconfined: Confine = async (command) => ({ command, note: null });

/** A shell at its gate, then running its command, then gone with everything it started (TOOL-5). */
export class GatedShell {
  readonly process: Process;
  readonly output: OutputFile;
  readonly note: string | null;
  /** Resolves when nothing of it is left. Rejects when its processes cannot be followed. */
  readonly over: Promise<End>;
  readonly #shell: Shell;
  readonly #callId: string;
  #exited = false;
  #stopped = false;

  constructor(shell: Shell, identity: Process, output: OutputFile, callId: string) {
    this.process = identity;
    this.output = output;
    this.note = shell.note;
    this.#shell = shell;
    this.#callId = callId;
    this.over = this.#end();
    // Whoever runs or aborts sees a failure of this; until then it is nobody's.
    this.over.catch(() => null);
    // A shell that has gone cannot take the line; how it went is what `over` tells.
    shell.stdin.on('error', () => null);
  }

  open(command: string): void {
    this.#shell.stdin.end(throughGate(command));
  }

  /** False when it had ended by itself: then the pid may be someone else's, and what happened has happened. */
  stop(): boolean {
    if (this.#exited) return false;
    this.#stopped = true;
    kill(-this.process.pid);
    return true;
  }

  async #end(): Promise<End> {
    const exit = await this.#shell.exited;
    this.#exited = true;
    const grace = this.#stopped ? 0 : leftoverGrace;
    return { ...exit, ...(await killTree(this.process, this.#callId, { grace })) };
  }
}

/** How it ended, for a person; empty when all went well. */
export function endingOf({ code, signal }: End): string {
  if (signal) return `Killed by signal ${signal}`;
  if (code === 0) return '';
  // The shell tells of a program that died by a signal as 128 + its number.
  const [name] = Object.entries(constants.signals).find(([, number]) => number + 128 === code) ?? [];
  return name ? `Exit code ${code} (${name})` : `Exit code ${code}`;
}
