import type { Clock, Timer } from '../link/clock.ts';
import type { Closed, Pipe } from '../link/pipe.ts';
import { readFrame } from '../link/read-frame.ts';
import { type Failure, failure } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Scope } from '../protocol/shapes.ts';
import { Cursors } from './cursors.ts';

/** What a runtime said of itself when it connected; null where it said nothing. */
export type RuntimeInfo = { readonly deviceId: string | null; readonly name: string | null };

export type RemoteEvents = {
  /** Any frame of the runtime but heartbeats: events, replies and notices. */
  event: Frame;
  /** A runtime is connected, and has been asked to `sync` what is followed. */
  online: RuntimeInfo;
  /** It is gone: a WebSocket close code (1006 when it just vanished) and a reason. */
  offline: { readonly code: number; readonly reason: string };
  /** Somebody was turned away, or the runtime sent what is no frame. Without a listener it becomes a process warning. */
  problem: Failure;
};

/** `ok` means that the command was handed to the socket. Whether it arrived, its reply says: give it a `request_id`. */
export type Sent = { readonly ok: true } | ({ readonly ok: false } & Failure);

/** The place of one runtime. The last one that connects has it; whoever had it before is told that it was replaced. */
export interface Remote {
  readonly online: boolean;
  /** Calls `listener` for each such event from now on. Returns what ends that. */
  on<E extends keyof RemoteEvents>(event: E, listener: (value: RemoteEvents[E]) => void): () => void;
  /** Never throws and keeps nothing: without a runtime the answer is `{ok: false, code: 'unreachable', message}`. */
  send(command: Frame): Sent;
  /** Asks for the state of a conversation, now and whenever a runtime connects; then also for the events missed since. */
  follow(scope: Scope): void;
  /** Lets the runtime go and takes no other. The server itself stays as it is. */
  close(): void;
}

type Listeners = { readonly [E in keyof RemoteEvents]: Set<(value: RemoteEvents[E]) => void> };

const PING_EVERY_MS = 30_000;
/** What may wait for a runtime that does not read. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
/** A runtime may say what a model made up, nested deeper than any command. */
const MAX_DEPTH = 1_000;

export class Seat implements Remote {
  readonly #clock: Clock;
  readonly #stop: () => void;
  readonly #cursors = new Cursors({ all: false });
  readonly #listeners: Listeners = {
    event: new Set(),
    online: new Set(),
    offline: new Set(),
    problem: new Set(),
  };
  #pipe: Pipe | null = null;
  #pinging: Timer | undefined;
  #closed = false;

  /** `stop`: lets nobody in any more. */
  constructor({ clock, stop, follow }: { clock: Clock; stop(): void; follow: readonly Scope[] }) {
    this.#clock = clock;
    this.#stop = stop;
    for (const scope of follow) this.#cursors.follow(scope);
  }

  get online(): boolean {
    return this.#pipe !== null;
  }

  on<E extends keyof RemoteEvents>(event: E, listener: (value: RemoteEvents[E]) => void): () => void {
    const listeners: Set<(value: RemoteEvents[E]) => void> = this.#listeners[event];
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  send(command: Frame): Sent {
    const pipe = this.#pipe;
    if (!pipe) {
      const why = this.#closed
        ? 'This remote was closed.'
        : 'No runtime is connected. Start one with this address, and send again when `online` is told.';
      return { ok: false, ...failure('unreachable', why) };
    }
    if (pipe.unsent > MAX_UNSENT_BYTES) {
      return { ok: false, ...failure('slow_reader', 'The runtime does not read what it is sent.') };
    }
    pipe.send(JSON.stringify(command));
    return { ok: true };
  }

  follow(scope: Scope): void {
    this.#cursors.follow(scope);
    if (this.#pipe) this.send(this.#cursors.sync(scope));
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#leave({ code: 1012, reason: 'the client is closing' });
  }

  /** Gives the place to a runtime that was let in. */
  take(pipe: Pipe, runtime: RuntimeInfo): void {
    this.#leave({ code: 1000, reason: 'Replaced by new connection' });
    this.#pipe = pipe;
    pipe.listen({
      message: (text) => {
        if (this.#pipe === pipe) this.#hear(text);
      },
      closed: (why) => {
        if (this.#pipe === pipe) this.#leave(why);
      },
    });
    this.#ping();
    for (const sync of this.#cursors.syncs()) this.send(sync);
    this.#tell('online', runtime);
  }

  problem(why: Failure): void {
    if (this.#listeners.problem.size > 0) this.#tell('problem', why);
    else process.emitWarning(why.message, { type: 'FarhandWarning', code: why.code });
  }

  #leave({ code, reason }: Closed): void {
    const pipe = this.#pipe;
    if (!pipe) return;
    this.#pipe = null;
    this.#pinging?.cancel();
    pipe.close(code, reason);
    this.#tell('offline', { code, reason });
  }

  #hear(text: string): void {
    const read = readFrame(text, { maxBytes: limits.frameFromDevice, maxDepth: MAX_DEPTH });
    if (!read.ok) return this.problem(failure(read.code, `From the runtime: ${read.message}`));
    const { frame } = read;
    if (frame.type === 'pong') return;
    if (frame.type === 'ping') {
      this.send({ type: 'pong', timestamp: this.#clock.now() });
      return;
    }
    this.#cursors.heard(frame);
    this.#tell('event', frame);
  }

  #ping(): void {
    this.#pinging = this.#clock.after(PING_EVERY_MS, () => {
      this.send({ type: 'ping' });
      this.#ping();
    });
  }

  #tell<E extends keyof RemoteEvents>(event: E, value: RemoteEvents[E]): void {
    const listeners: ReadonlySet<(value: RemoteEvents[E]) => void> = this.#listeners[event];
    for (const listener of listeners) listener(value);
  }
}
