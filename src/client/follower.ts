import type { Clock, Timer } from '../link/clock.ts';
import { errorTable, type Failure } from '../protocol/errors.ts';
import type { Frame, ReplyPayload } from '../protocol/frames.ts';
import type { Scope } from '../protocol/shapes.ts';
import type { Calls } from './calls.ts';

/** Where a follower stands; handed to `follow` again, it goes on from there. */
export type Cursor = { readonly log_id: string | null; readonly after_event_seq: number };

/** Events that are no longer kept, both numbers inclusive. */
export type Gap = { readonly from: number; readonly to: number };

/** What the other side said of the cursor: `head` is the last event it had when it answered. */
export type Synced = { readonly verdict: 'ok' | 'gap' | 'snapshot' | 'reset' } & Cursor;

export type FollowHandlers = {
  /** A stored event, each once and in the order of `event_seq` (SYNC-2). */
  event(frame: Frame): void;
  /** How things are now: status, queue, a tool request that waits. Never older than the events before it. */
  snapshot?(frame: Frame): void;
  /** What became of an input, the caller's or anyone's. */
  receipt?(frame: Frame): void;
  /** Something said to this client alone, which is not part of the story. */
  aside?(frame: Frame): void;
  /** The next event comes after a gap. */
  gap?(gap: Gap): void;
  /** The log is another one: what was told before is no longer true, and the story begins anew. */
  reset?(): void;
  /** Caught up: everything missed was told. */
  synced?(told: Synced): void;
  /** The conversation cannot be followed; tried again with the next connection, if there will be one. */
  failed?(failure: Failure): void;
  online?(): void;
  offline?(): void;
};

export type Follower = {
  /** Null until the first sync was answered. */
  readonly cursor: Cursor | null;
  stop(): void;
};

/** Between two syncs of one scope. */
const APART_MS = 1_000;
const MAX_WAIT_MS = 30_000;

type Told = ReplyPayload<'sync'>;

/** Follows one conversation through any number of connections (SYNC-2). */
export class Following implements Follower {
  readonly #scope: Scope;
  readonly #handlers: FollowHandlers;
  readonly #calls: Calls;
  readonly #clock: Clock;
  /** `idle`: what comes is not looked at, a sync will bring it again. */
  #state: 'idle' | 'syncing' | 'live' = 'idle';
  #logId: string | null = null;
  /** The last event that was told; null: none is known yet. */
  #at: number | null = null;
  #held: Frame[] = [];
  #online = false;
  #round = 0;
  #failures = 0;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(scope: Scope, handlers: FollowHandlers, from: Cursor | null, calls: Calls, clock: Clock) {
    this.#scope = scope;
    this.#handlers = handlers;
    this.#calls = calls;
    this.#clock = clock;
    this.#logId = from?.log_id ?? null;
    this.#at = from?.after_event_seq ?? null;
  }

  get cursor(): Cursor | null {
    return this.#at === null ? null : { log_id: this.#logId, after_event_seq: this.#at };
  }

  /** `resumed`: whatever this client missed comes by itself (SEQ-3), so one that was live just goes on. */
  up(resumed = false): void {
    this.#online = true;
    this.#failures = 0;
    this.#handlers.online?.();
    if (!(resumed && this.#state === 'live')) this.#sync();
  }

  down(): void {
    if (this.#state !== 'live') this.stop();
    this.#online = false;
    this.#handlers.offline?.();
  }

  /** Nothing comes any more; `why`: because of that. */
  end(why?: Failure): void {
    this.stop();
    if (why) this.#handlers.failed?.(why);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#round++;
    this.#state = 'idle';
    this.#held = [];
  }

  hear(frame: Frame): void {
    if (frame.type === 'input_receipt') return this.#handlers.receipt?.(frame);
    if (frame.snapshot !== true && typeof frame.event_seq !== 'number') return this.#handlers.aside?.(frame);
    if (this.#state === 'idle') return;
    if (this.#state === 'live') return this.#take(frame) ? undefined : this.#syncSoon(APART_MS);
    // Until the verdict is heard, only what says itself that it is the next event of this log is told: progress that a lost connection
    // does not take back.
    if (this.#held.length === 0 && this.#isNext(frame)) this.#take(frame);
    else this.#held.push(frame);
  }

  /** Design of the key: `type:log_id:event_seq`. */
  #isNext({ type, event_seq: seq, idempotency_key: key, snapshot }: Frame): boolean {
    return (
      snapshot !== true &&
      this.#at !== null &&
      seq === this.#at + 1 &&
      key === `${type}:${this.#logId}:${seq}`
    );
  }

  /** Tells a frame that is due, passes over one that was told. False: something before it is missing. */
  #take(frame: Frame): boolean {
    const at = this.#at ?? 0;
    const seq = typeof frame.event_seq === 'number' ? frame.event_seq : at;
    if (frame.snapshot === true) {
      if (seq === at) this.#handlers.snapshot?.(frame);
      return seq <= at;
    }
    if (seq !== at + 1) return seq <= at;
    this.#at = seq;
    this.#handlers.event(frame);
    return true;
  }

  /** At most once a second, so that a fault does not become a storm. */
  #syncSoon(atLeastMs: number): void {
    this.stop();
    const wait = Math.max(atLeastMs - (this.#clock.now() - this.#syncedAt), 0);
    this.#timer = this.#clock.after(wait, () => this.#sync());
  }

  #sync(): void {
    this.stop();
    if (!this.#online) return;
    this.#state = 'syncing';
    this.#syncedAt = this.#clock.now();
    const round = this.#round;
    const { agent_id, conversation_id } = this.#scope;
    const log = this.#logId === null ? {} : { log_id: this.#logId };
    const cursor = this.#at === null ? {} : { ...log, after_event_seq: this.#at };
    this.#calls.start(
      'sync',
      { runtime: { agent_id, conversation_id }, recover_approvals: true, ...cursor },
      (result) => {
        if (round !== this.#round) return;
        if (result.ok) this.#judge(result.value);
        else this.#fail(result.failure);
      },
      { once: true },
    );
  }

  #fail(why: Failure): void {
    this.#state = 'idle';
    this.#held = [];
    if (!this.#online) return;
    const { retry } = errorTable[why.code];
    if (retry !== 'same' && retry !== 'unknown') return this.#handlers.failed?.(why);
    this.#failures++;
    this.#syncSoon(Math.min(APART_MS * 2 ** this.#failures, MAX_WAIT_MS));
  }

  #judge(told: Told): void {
    const { verdict = 'snapshot', head = 0, from, to } = told;
    const before = this.#at;
    if (verdict === 'reset') {
      this.#at = 0;
      this.#handlers.reset?.();
    }
    const lost =
      verdict === 'snapshot' && before !== null && before < head
        ? { from: before + 1, to: head }
        : { from, to };
    if (lost.from !== undefined && lost.to !== undefined && lost.to > (this.#at ?? 0)) {
      this.#at = lost.to;
      this.#handlers.gap?.({ from: lost.from, to: lost.to });
    }
    this.#at ??= head;
    this.#logId = told.log_id ?? null;
    this.#state = 'live';
    this.#failures = 0;
    const round = this.#round;
    const complete = this.#release();
    // A handler may have stopped it.
    if (round !== this.#round) return;
    if (!complete || this.#at < head) return this.#syncSoon(APART_MS);
    this.#handlers.synced?.({ verdict, log_id: this.#logId, after_event_seq: this.#at });
  }

  /**
   * Tells what was held back. An event that was under way when the sync began comes before those that are missing and again after
   * them, so that only the end of it shows whether any is.
   */
  #release(): boolean {
    const held = this.#held;
    this.#held = [];
    let last = 0;
    for (const frame of held) {
      if (this.#state !== 'live') return true;
      if (!this.#take(frame) && typeof frame.event_seq === 'number') last = Math.max(last, frame.event_seq);
    }
    return last <= (this.#at ?? 0);
  }
}
