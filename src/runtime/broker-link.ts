import type { Clock, Timer } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import { readFrame } from '../link/read-frame.ts';
import { errorTable } from '../protocol/errors.ts';
import type { Frame, PushBody } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { checkPush } from '../protocol/validate.ts';
import { type Store, type StoredEvent, StoreError } from '../store/store.ts';
import type { Link } from './link.ts';

const HELLO_WITHIN_MS = 15_000;
const PING_EVERY_MS = 30_000;
/** Bytes read from the store at once. */
const PAGE = 256 * 1024;
/** What may wait in the socket besides the feed, which stops at `limits.unsent`. */
const MAX_UNSENT = 16 * limits.unsent;
const PROTOCOL_ERROR = 1002;

export type BrokerLinkOptions = {
  readonly pipe: Pipe;
  readonly store: Store;
  readonly clock: Clock;
  defaultAgent(): string;
  /** How the main conversation of the default agent stands: what a broker shows of this device. */
  status(): Frame;
  /** The handshake is done. */
  up(): void;
  work(frame: Frame, inboxId: string): void;
  gone(): void;
};

/**
 * A device's end of its link to a broker that knows the extensions. The broker says how far it has heard the feed, and the feed goes on
 * from there: out of the store where the broker is behind, else as it happens. A broker that reads slowly costs the device nothing, as
 * nothing is kept for it that the store does not keep (LINK-3).
 */
export class BrokerLink implements Link {
  readonly #options: BrokerLinkOptions;
  #inboxId: string | null = null;
  /** The place of the last event that was sent, and of the last that was marked. */
  #at = 0;
  #marked = 0;
  /** There is more in the store than was sent. */
  #behind = true;
  /** The status that was sent last. */
  #status = '';
  #timer: Timer;

  constructor(options: BrokerLinkOptions) {
    const { pipe, clock } = options;
    this.#options = options;
    this.#timer = clock.after(HELLO_WITHIN_MS, () =>
      this.close(PROTOCOL_ERROR, `no broker_hello within ${HELLO_WITHIN_MS / 1000} s`),
    );
    pipe.listen({
      message: (text) => this.#hear(text),
      drained: () => this.#pull(),
      closed: () => {
        this.#timer.cancel();
        options.gone();
      },
    });
  }

  event({ position, text }: StoredEvent): void {
    if (this.#behind) return;
    if (this.#isFull) this.#behind = true;
    else this.#tell(position, text);
  }

  push(text: string): void {
    if (this.#inboxId !== null) this.#send(text);
  }

  send(frame: Frame): void {
    this.#send(JSON.stringify(frame));
  }

  committed(): void {
    if (this.#at === this.#marked) return;
    this.#marked = this.#at;
    this.send({ type: 'feed_mark', position: this.#at });
  }

  close(code: number, reason: string): void {
    this.#options.pipe.close(code, reason);
  }

  get #isFull(): boolean {
    return this.#options.pipe.unsent >= limits.unsent;
  }

  #send(text: string): void {
    const { pipe } = this.#options;
    if (pipe.unsent <= MAX_UNSENT) return pipe.send(text);
    this.close(errorTable.slow_reader.close, 'Too much waits to be read: connect again.');
  }

  #tell(position: number, text: string): void {
    this.#at = position;
    this.#options.pipe.send(text);
  }

  #hear(text: string): void {
    const read = readFrame(text, { maxBytes: limits.frameFromDevice });
    if (!read.ok) return this.send({ type: 'error', message: read.message, code: read.code });
    const { frame } = read;
    if ((this.#inboxId === null) !== (frame.type === 'broker_hello'))
      return this.close(PROTOCOL_ERROR, 'broker_hello must come first, and once');
    if (this.#inboxId === null) return this.#greet(frame);
    if (frame.type === 'ping') return this.send({ type: 'pong', timestamp: this.#options.clock.now() });
    if (frame.type !== 'pong') this.#options.work(frame, this.#inboxId);
  }

  #greet(frame: Frame): void {
    const checked = checkPush(frame);
    if (!checked.ok) return this.close(PROTOCOL_ERROR, checked.failure.message);
    const { feed_id, have, inbox_id, first } = checked.frame as Frame & PushBody<'broker_hello'>;
    const { store } = this.#options;
    this.#reading(() => {
      const head = store.feedHead();
      store.forgetConsumed(inbox_id, first);
      const consumed = store.consumed(inbox_id, first);
      const default_agent_id = this.#options.defaultAgent();
      this.send({ type: 'device_hello', feed_id: store.feedId, head, consumed, default_agent_id });
      // A place beyond the head was one of a store that this one is an older copy of.
      this.#at = this.#marked = feed_id === store.feedId && have <= head ? have : 0;
      this.#inboxId = inbox_id;
    });
    if (this.#inboxId === null) return;
    this.#timer.cancel();
    this.#ping();
    this.#options.up();
    this.#pull();
    this.#tellStatus();
  }

  /** Reads on in the store while the socket takes more. */
  #pull(): void {
    if (this.#inboxId === null) return;
    this.#reading(() => {
      const { pipe, store } = this.#options;
      while (this.#behind && pipe.open && !this.#isFull) {
        const events = store.feed(this.#at, PAGE);
        for (const { position, text } of events) this.#tell(position, text);
        if (events.length === 0) this.#behind = false;
        this.committed();
      }
    });
  }

  /** Whoever lists devices sees the branch that is checked out now, though nothing happened in a conversation. */
  #tellStatus(): void {
    const frame = this.#options.status();
    const status = JSON.stringify(frame.device_status);
    if (status !== this.#status) this.send(frame);
    this.#status = status;
  }

  #reading(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.close(1011, `the device's store cannot be read: ${error.message}`);
    }
  }

  #ping(): void {
    this.#timer = this.#options.clock.after(PING_EVERY_MS, () => {
      this.send({ type: 'ping' });
      this.#tellStatus();
      this.#ping();
    });
  }
}
