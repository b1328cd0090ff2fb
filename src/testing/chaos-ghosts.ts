import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { Prepared, Tool } from '../runtime/tools/tool.ts';

/**
 * What the tools of one runtime hold outside of it. When the runtime is to die as if by `kill -9`, in a process that goes on, the
 * kernel's part has to be played: its ends of all pipes close, and nothing of it acts any more on processes that outlive it.
 */
export class Ghosts {
  readonly #children = new Set<ChildProcess>();
  readonly #prepared = new Set<Prepared>();
  readonly #writing = new Set<Promise<unknown>>();
  readonly #unheard = new Map<ChildProcess, readonly ExitListener[]>();
  /** Told when a call is ready and its start is not yet asked for. */
  readonly #ready: () => void;
  #dead = false;

  constructor(ready: () => void) {
    this.#ready = ready;
  }

  /** The same tool, which does nothing more once its runtime is dead. */
  haunt(tool: Tool): Tool {
    return {
      ...tool,
      prepare: async (input, context) => {
        if (this.#dead) return never();
        const prepared = await owner.run(this, () => tool.prepare(input, context));
        if ('problem' in prepared) return this.#dead ? never() : prepared;
        this.#prepared.add(prepared);
        if (!this.#dead) this.#ready();
        return this.#dead ? never() : this.#mortal(prepared);
      },
    };
  }

  #mortal(prepared: Prepared): Prepared {
    const { process, mark } = prepared;
    return {
      ...(process && { process }),
      ...(mark && { mark }),
      abort: () => (this.#dead ? never() : prepared.abort()),
      run: (progress) => {
        if (this.#dead) return never();
        const running = prepared.run(progress);
        if (mark) this.#writing.add(running);
        return running;
      },
    };
  }

  adopt(child: ChildProcess): void {
    this.#children.add(child);
    if (this.#dead) child.once('spawn', () => this.#letGo(child));
  }

  /** From now on nothing is started, and nobody here hears how a process ends. */
  die(): void {
    this.#dead = true;
    for (const child of this.#children) this.#letGo(child);
  }

  #letGo(child: ChildProcess): void {
    child.stdin?.destroy();
    this.#unheard.set(child, child.listeners('exit') as ExitListener[]);
    child.removeAllListeners('exit');
  }

  /** A write under way cannot be stopped in its middle here: it counts as done before the end came. */
  async written(): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  /** When all is over: lets what is left of the runtime hear the end of its processes, so that it closes its files. */
  async bury(): Promise<void> {
    for (const [child, listeners] of this.#unheard) {
      if (child.exitCode === null && child.signalCode === null) await end(child);
      for (const listener of listeners) listener(child.exitCode, child.signalCode);
    }
    await Promise.all([...this.#prepared].map((prepared) => prepared.abort()));
  }
}

type ExitListener = (code: number | null, signal: NodeJS.Signals | null) => void;

const never = <T>(): Promise<T> => new Promise(() => undefined);

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });

const owner = new AsyncLocalStorage<Ghosts>();

/** Node tells of every process that is made here. */
subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess };
  owner.getStore()?.adopt(child);
});
