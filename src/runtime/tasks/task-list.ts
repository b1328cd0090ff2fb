import type { Msg } from '../../core/messages.ts';
import type { RunningTask, TaskEvents, Tasks } from './tasks.ts';

/** The background processes of one conversation in this process (TOOL-7). What they say waits until their start is on its way into the log. */
export class TaskList implements Tasks {
  readonly #report: (msg: Msg) => void;
  readonly #running = new Map<string, RunningTask>();
  readonly #held = new Map<string, Msg[]>();

  constructor(report: (msg: Msg) => void) {
    this.#report = report;
  }

  all(): readonly RunningTask[] {
    return [...this.#running.values()];
  }

  adopt(task: RunningTask, { ended, watch }: TaskEvents): void {
    this.#running.set(task.id, task);
    this.#held.set(task.id, []);
    watch?.((text) => this.#say({ kind: 'task', task: task.id, report: { kind: 'output', text } }));
    void ended.then((how) => {
      this.#running.delete(task.id);
      this.#say({ kind: 'task', task: task.id, report: { kind: 'ended', ...how } });
    });
  }

  /** The conversation has been told that the task is there. */
  begun(id: string): void {
    const held = this.#held.get(id) ?? [];
    this.#held.delete(id);
    for (const msg of held) this.#report(msg);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.all().map((task) => task.stop()));
  }

  #say(msg: Extract<Msg, { kind: 'task' }>): void {
    const held = this.#held.get(msg.task);
    if (held) held.push(msg);
    else this.#report(msg);
  }
}
