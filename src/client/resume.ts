import type { Clock, Timer } from '../link/clock.ts';
import type { Frame } from '../protocol/frames.ts';

/** What `client_hello` says of the session that was cut off. */
export type ResumeFields = {
  readonly session?: string;
  readonly resume_token?: string;
  readonly last_seq?: number;
};

/** Frames, and time, after which a broker is told how far this client has come. */
const ACK_EVERY = 50;
const ACK_WITHIN_MS = 1_000;

/** [SEQ-3] Where this client stands in what a broker sends, so that it goes on there over another connection. */
export class Resume {
  readonly #clock: Clock;
  readonly #send: (text: string) => void;
  #session: { readonly id: string; readonly token: string } | null = null;
  /** The highest number that was heard, and the last one over this connection. */
  #last = 0;
  #latest = 0;
  #unacknowledged = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, send: (text: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Whether the broker may still give what is missed from now on. */
  get possible(): boolean {
    return this.#session !== null;
  }

  /** For the hello of a new connection; empty where there is nothing to go on with. A token serves once. */
  take(): ResumeFields {
    const session = this.#session;
    this.#session = null;
    this.#latest = 0;
    return session ? { session: session.id, resume_token: session.token, last_seq: this.#last } : {};
  }

  /** What the broker answered. True: what was missed follows, and nothing else. */
  answered({ session, resume_token, verdict }: Readonly<Record<string, unknown>>): boolean {
    const resumed = verdict === 'ok';
    // The numbers of a session that is new may begin anywhere.
    if (!resumed) this.#last = this.#latest;
    this.#session =
      typeof session === 'string' && typeof resume_token === 'string'
        ? { id: session, token: resume_token }
        : null;
    return resumed;
  }

  /** Takes the number off the frame: it belongs to the connection, not to what is told. */
  heard(frame: Frame & { seq?: unknown }): void {
    const { seq } = frame;
    if (typeof seq !== 'number') return;
    delete frame.seq;
    this.#latest = seq;
    this.#last = Math.max(this.#last, seq);
    this.#unacknowledged++;
    if (this.#unacknowledged >= ACK_EVERY) this.#acknowledge();
    else this.#timer ??= this.#clock.after(ACK_WITHIN_MS, () => this.#acknowledge());
  }

  down(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#unacknowledged = 0;
  }

  #acknowledge(): void {
    this.down();
    this.#send(JSON.stringify({ type: 'ack', seq: this.#last }));
  }
}
