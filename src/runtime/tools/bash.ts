import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Process } from '../../core/facts.ts';
import { defineTool, failure, success } from './define.ts';
import { codeOf, reasonOf } from './errno.ts';
import { OutputFile, outputPath } from './output-file.ts';
import { callVariable, type Killed, kill, killTree, startTimeOf } from './process-tree.ts';
import type { Prepared, Problem, ToolContext, ToolResult } from './tool.ts';

const defaultTimeout = 120_000;
const maxTimeout = 600_000;
const progressEvery = 150;
/** For what ends by itself soon after the shell, as `>(tee log)` does; milliseconds. */
const leftoverGrace = 250;

export const bash = defineTool({
  name: 'Bash',
  description:
    'Runs a shell command in the working directory and returns what it prints. Nothing can be typed into it, and every ' +
    'call is a new shell: directories and variables do not carry over. Processes still running when the command ends ' +
    'are stopped. Long output is shortened in the middle. To read, change or find files use Read, Edit, Glob and Grep.',
  input: z.strictObject({
    command: z
      .string()
      .min(1)
      .refine((command) => !command.includes('\0'), 'must not contain NUL characters')
      .describe('The command, as many lines as needed'),
    description: z.string().optional().describe('What it does, in a few words, for the person'),
    timeout: z
      .number()
      .positive()
      .max(maxTimeout)
      .optional()
      .describe(`Milliseconds until it is stopped: ${defaultTimeout} if left out, at most ${maxTimeout}`),
  }),
  example: { command: 'npm test', description: 'Run the tests' },
  aliases: { cmd: 'command' },
  replay: 'once',
  access: 'execute',
  prepare: ({ command, timeout = defaultTimeout }, context) => prepare(command, timeout, context),
});

/**
 * The gate (TOOL-2): the shell waits for one line, the command with its backslashes and line ends escaped. If we die
 * first it reads an end of file and leaves without having done anything. A line has no length limit, unlike an
 * argument or a variable; `unset` and the missing arguments leave the command nothing of the gate to see.
 */
const gate = `IFS= read -r line && line=$(printf '%b.' "$line") && exec </dev/null && eval "unset line; \${line%.}"`;
const throughGate = (command: string) => `${command.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;

async function prepare(command: string, timeout: number, context: ToolContext): Promise<Prepared | Problem> {
  if (process.platform === 'win32')
    return { problem: 'Bash needs a POSIX system; on Windows run Farhand inside WSL.' };
  const output = await OutputFile.create(outputPath(context.scratch, context.callId));
  const shell = await spawnShell(output.fd, context);
  if ('problem' in shell) {
    await output.close(false);
    return shell;
  }
  const identity = { pid: shell.pid, startedAt: await startTimeOf(shell.pid) };
  return new GatedCommand(shell, identity, output, { command, timeout, callId: context.callId });
}

/**
 * In order of preference. Node's pipes are sockets, which bash takes for a remote login: without --norc it would run
 * ~/.bashrc, before the gate.
 */
const shells = [['bash', '--norc'], ['sh']] as const;

type Call = { readonly command: string; readonly timeout: number; readonly callId: string };
type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
type Shell = { readonly pid: number; readonly stdin: Writable; readonly exited: Promise<Exit> };

async function spawnShell(fd: number, { cwd, env, callId }: ToolContext): Promise<Shell | Problem> {
  // For a missing working directory, too, the system says that the program does not exist.
  const folder = await stat(cwd).catch(() => null);
  if (!folder?.isDirectory())
    return { problem: `The working directory ${cwd} does not exist. Choose another one.` };
  for (const [program, ...options] of shells) {
    const shell = spawn(program, [...options, '-c', gate, program], {
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
      return { pid: shell.pid, stdin: shell.stdin, exited };
    if (codeOf(failed) !== 'ENOENT')
      return { problem: `${program} could not be started: ${reasonOf(failed)}.` };
  }
  return { problem: 'Neither bash nor sh was found. Check the PATH that tools get.' };
}

/** A shell at its gate, then running its command, then gone with everything it started (TOOL-5). */
class GatedCommand implements Prepared {
  readonly process: Process;
  readonly #shell: Shell;
  readonly #output: OutputFile;
  readonly #call: Call;
  readonly #over: Promise<Exit & Killed>;
  #exited = false;
  #stopped: 'timeout' | 'abort' | null = null;
  #running: Promise<ToolResult> | undefined;
  #aborting: Promise<void> | undefined;

  constructor(shell: Shell, identity: Process, output: OutputFile, call: Call) {
    this.process = identity;
    this.#shell = shell;
    this.#output = output;
    this.#call = call;
    this.#over = this.#end();
    // Whoever runs or aborts sees a failure of this; until then it is nobody's.
    this.#over.catch(() => null);
    // A shell that has gone cannot take the line; how it went is what `run` tells.
    shell.stdin.on('error', () => null);
  }

  run(progress: (textSoFar: string) => void): Promise<ToolResult> {
    this.#running ??= this.#stopped ? Promise.resolve(failure('Interrupted.')) : this.#run(progress);
    return this.#running;
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort();
    return this.#aborting;
  }

  async #run(progress: (textSoFar: string) => void): Promise<ToolResult> {
    const timer = setTimeout(() => this.#stop('timeout'), this.#call.timeout);
    this.#shell.stdin.end(throughGate(this.#call.command));
    let cut = false;
    try {
      await this.#report(progress);
      const end = await this.#over;
      const output = await this.#output.read();
      cut = output.cut;
      return this.#result(end, output.text);
    } catch (error) {
      this.#stop('abort');
      await this.#over.catch(() => null);
      return failure(
        `The command was stopped because its output or processes cannot be followed: ${reasonOf(error)}.`,
      );
    } finally {
      clearTimeout(timer);
      await this.#output.close(cut);
    }
  }

  async #report(progress: (textSoFar: string) => void): Promise<void> {
    const over = this.#over.then(() => true);
    for (let told = 0; !(await Promise.race([over, delay(progressEvery, false)])); ) {
      const size = await this.#output.size();
      if (size !== told) progress((await this.#output.read()).text);
      told = size;
    }
  }

  async #abort(): Promise<void> {
    this.#stop('abort');
    if (this.#running) return void (await this.#running);
    await this.#over;
    await this.#output.close(false);
  }

  #stop(why: 'timeout' | 'abort'): void {
    // After its exit the pid may be someone else's, and what happened has happened.
    if (this.#exited) return;
    this.#stopped ??= why;
    kill(-this.process.pid);
  }

  async #end(): Promise<Exit & Killed> {
    const exit = await this.#shell.exited;
    this.#exited = true;
    const grace = this.#stopped ? 0 : leftoverGrace;
    return { ...exit, ...(await killTree(this.process, this.#call.callId, { grace })) };
  }

  #result({ code, signal, found, stuck }: Exit & Killed, output: string): ToolResult {
    const ending = this.#ending(code, signal);
    const parts = [ending, output.replace(/\n$/, '')];
    if (found && !this.#stopped) parts.push('[Processes that the command left running were stopped.]');
    if (stuck.length > 0) parts.push(`[Processes that could not be stopped: ${stuck.join(', ')}.]`);
    const text = parts.filter(Boolean).join('\n');
    return ending ? failure(text) : success(text || '(no output)');
  }

  /** Empty when all went well. */
  #ending(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#stopped === 'abort') return 'Interrupted.';
    if (this.#stopped === 'timeout')
      return `Stopped after ${this.#call.timeout / 1_000} s, its timeout. Give more time with \`timeout\` (at most ${maxTimeout} ms).`;
    if (signal) return `Killed by signal ${signal}`;
    if (code === 0) return '';
    // The shell tells of a program that died by a signal as 128 + its number.
    const [name] = Object.entries(constants.signals).find(([, number]) => number + 128 === code) ?? [];
    return name ? `Exit code ${code} (${name})` : `Exit code ${code}`;
  }
}
