import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Process } from '../../core/facts.ts';
import { shellDeeds } from '../rules/shell/shell-deeds.ts';
import { BackgroundCommand } from './background-command.ts';
import { defineTool, failure, success } from './define.ts';
import { reasonOf } from './errno.ts';
import { type End, endingOf, type GatedShell, gatedShell } from './gated-shell.ts';
import type { Prepared, ToolResult } from './tool.ts';

const defaultTimeout = 120_000;
const maxTimeout = 600_000;
const progressEvery = 150;

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
    run_in_background: z
      .boolean()
      .optional()
      .describe('Go on at once and be told of its end later; without a timeout it may run for ever'),
  }),
  example: { command: 'npm test', description: 'Run the tests' },
  aliases: { cmd: 'command' },
  replay: 'once',
  access: 'execute',
  deeds: async ({ command }, context) => shellDeeds(command, context),
  async prepare({ command, description = command, timeout, run_in_background }, context) {
    const shell = await gatedShell(context);
    if ('problem' in shell) return shell;
    if (!run_in_background) return new ForegroundCommand(shell, command, timeout ?? defaultTimeout);
    const about = { kind: 'command', title: description } as const;
    return new BackgroundCommand(shell, command, about, context, { timeout: timeout ?? null });
  },
});

/** What programs say of a read-only place, a pinned or hidden one, and of no network. */
const denial =
  /^(bwrap|sandbox-exec): |Read-only file system|EROFS|Permission denied|EACCES|Operation not permitted|EPERM|Device or resource busy|EBUSY|Network is unreachable|ENETUNREACH|resolve host|name resolution|EAI_AGAIN|ENOTFOUND|\/tmp\/.*No such file/i;

/** A command that its call waits for. */
class ForegroundCommand implements Prepared {
  readonly process: Process;
  readonly #shell: GatedShell;
  readonly #command: string;
  readonly #timeout: number;
  #stopped: 'timeout' | 'abort' | null = null;
  #running: Promise<ToolResult> | undefined;
  #aborting: Promise<void> | undefined;

  constructor(shell: GatedShell, command: string, timeout: number) {
    this.process = shell.process;
    this.#shell = shell;
    this.#command = command;
    this.#timeout = timeout;
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
    const { output, over } = this.#shell;
    const timer = setTimeout(() => this.#stop('timeout'), this.#timeout);
    this.#shell.open(this.#command);
    let cut = false;
    try {
      await this.#report(progress);
      const end = await over;
      const read = await output.read();
      cut = read.cut;
      return this.#result(end, read.text);
    } catch (error) {
      this.#stop('abort');
      await over.catch(() => null);
      return failure(
        `The command was stopped because its output or processes cannot be followed: ${reasonOf(error)}.`,
      );
    } finally {
      clearTimeout(timer);
      await output.close(cut);
    }
  }

  async #report(progress: (textSoFar: string) => void): Promise<void> {
    const { output, over } = this.#shell;
    const done = over.then(() => true);
    for (let told = 0; !(await Promise.race([done, delay(progressEvery, false)])); ) {
      const size = await output.size();
      if (size !== told) progress((await output.read()).text);
      told = size;
    }
  }

  async #abort(): Promise<void> {
    this.#stop('abort');
    if (this.#running) return void (await this.#running);
    await this.#shell.over;
    await this.#shell.output.close(false);
  }

  #stop(why: 'timeout' | 'abort'): void {
    if (this.#shell.stop()) this.#stopped ??= why;
  }

  #result(end: End, output: string): ToolResult {
    const { found, stuck } = end;
    const { note } = this.#shell;
    const ending = this.#ending(end);
    const parts = [ending, output.replace(/\n$/, '')];
    if (found && !this.#stopped) parts.push('[Processes that the command left running were stopped.]');
    if (stuck.length > 0) parts.push(`[Processes that could not be stopped: ${stuck.join(', ')}.]`);
    if (ending && note !== null && denial.test(output)) parts.push(note);
    const text = parts.filter(Boolean).join('\n');
    return ending ? failure(text) : success(text || '(no output)');
  }

  #ending(end: End): string {
    if (this.#stopped === 'abort') return 'Interrupted.';
    if (this.#stopped === 'timeout')
      return `Stopped after ${this.#timeout / 1_000} s, its timeout. Give more time with \`timeout\` (at most ${maxTimeout} ms).`;
    return endingOf(end);
  }
}
