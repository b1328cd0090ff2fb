import { setTimeout as delay } from 'node:timers/promises';
import type { Process } from '../../core/facts.ts';
import type { TaskEvents } from '../tasks/tasks.ts';
import { failure, success } from './define.ts';
import { reasonOf } from './errno.ts';
import { endingOf, type GatedShell } from './gated-shell.ts';
import type { BackgroundTask, Prepared, ToolContext, ToolResult } from './tool.ts';

type Watch = {
  readonly watch?: (shell: GatedShell, tell: (text: string) => void) => void;
  /** Milliseconds after which it is stopped; null: never. */
  readonly timeout: number | null;
};

/** Most characters of the end of its output that the message about its end shows. */
const shown = 2_000;

/** A command that goes on after its call has its result (TOOL-7). */
export class BackgroundCommand implements Prepared {
  readonly process: Process;
  readonly #shell: GatedShell;
  readonly #command: string;
  readonly #task: BackgroundTask;
  readonly #context: ToolContext;
  readonly #watch: Watch;
  #state: 'ready' | 'running' | 'aborted' = 'ready';

  constructor(
    shell: GatedShell,
    command: string,
    about: Pick<BackgroundTask, 'kind' | 'title'>,
    context: ToolContext,
    watch: Watch,
  ) {
    this.process = shell.process;
    this.#shell = shell;
    this.#command = command;
    this.#task = { ...about, id: taskIdOf(context), process: shell.process, output: shell.output.path };
    this.#context = context;
    this.#watch = watch;
  }

  async run(): Promise<ToolResult> {
    if (this.#state === 'aborted') return failure('Interrupted.');
    this.#state = 'running';
    const task = this.#task;
    const { watch } = this.#watch;
    const ended = this.#ended();
    const shell = this.#shell;
    const events: TaskEvents = watch ? { ended, watch: (tell) => watch(shell, tell) } : { ended };
    this.#context.tasks.adopt(
      {
        ...task,
        since: Date.now(),
        over: ended.then(() => undefined),
        stop: async () => {
          shell.stop();
          await ended;
        },
      },
      events,
    );
    this.#shell.open(this.#command);
    return {
      ...success(
        `Started in the background as ${task.id}. Its output goes to ${task.output}; you will be told when it ends. ` +
          `TaskOutput shows what it has printed, TaskStop stops it.`,
      ),
      task,
    };
  }

  /** What runs in the background is not the call's any more: stopping the turn leaves it. */
  async abort(): Promise<void> {
    if (this.#state !== 'ready') return;
    this.#state = 'aborted';
    this.#shell.stop();
    await this.#shell.over;
    await this.#shell.output.close(false);
  }

  async #ended(): Promise<{ readonly status: 'success' | 'error'; readonly text: string }> {
    const gone = new AbortController();
    const { timeout } = this.#watch;
    const late =
      timeout === null
        ? null
        : delay(timeout, undefined, { signal: gone.signal }).then(
            () => this.#shell.stop(),
            () => false,
          );
    try {
      const end = await this.#shell.over;
      gone.abort();
      const ending = (await late) ? `Stopped after ${timeout} ms, its timeout` : endingOf(end);
      const { text } = await this.#shell.output.read();
      const tail = text.length > shown ? `[…]${text.slice(-shown)}` : text;
      return {
        status: ending === '' ? 'success' : 'error',
        text: [ending || 'Exit code 0', tail.trimEnd()].filter(Boolean).join('\n'),
      };
    } catch (error) {
      return { status: 'error', text: `Its processes cannot be followed: ${reasonOf(error)}.` };
    } finally {
      gone.abort();
      await this.#shell.output.close(true);
    }
  }
}

/** The name of what a call leaves running; its output is found by it, also later. */
export const taskIdOf = ({ callId }: Pick<ToolContext, 'callId'>): string => `task-${callId}`;
