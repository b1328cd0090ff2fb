import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import type { Broadcast } from './broadcast.ts';
import type { EventLog, LogPage } from './event-log.ts';
import type { Recent, Replayed } from './recent.ts';
import { type Asked, judge, type Verdict } from './verdict.ts';

/** Bytes read from a log at once. */
const PAGE = 256 * 1024;
/** Bytes of one answer to a sync that wait until the events before it are read. */
const MOST_HELD = 16 * limits.unsent;
/** Conversations that one session hears of. */
const MOST = 10_000;

/**
 * `at`: the last event that this session was sent of that scope, or was never to be sent. `until`: the last one it has coming, which is
 * never ahead of what the device has said, so that no snapshot is overtaken by later events. `since`: the transport number after which
 * it hears of the scope. `restated`: the last of each state that was said to everyone and reflects more than it was sent; null: none.
 */
type Cursor = {
  readonly key: string;
  readonly scope: Scope;
  readonly since: number;
  logId: string | null;
  at: number;
  until: number;
  restated: Map<string, Frame> | null;
};
type Place = Omit<Cursor, 'restated'>;

/** A page of the log, or of what others were told lately. */
type Page = Pick<LogPage, 'gap'> & {
  readonly events: readonly (LogPage['events'][number] & Partial<Replayed>)[];
};

/** A sync under way: its answer waits until every event up to `due` is sent (SYNC-1). */
type Ask = {
  readonly key: string;
  readonly cursor: Cursor;
  readonly requestId: string | undefined;
  readonly told: Verdict;
  due: number;
  held: Frame[];
  /** About what `held` takes in memory. */
  bytes: number;
  answered: boolean;
};

/** Where a feed sends what it has. */
export interface Outlet {
  /** Whether the socket takes more now; when it does again, `pull` is called. */
  readonly ready: boolean;
  /** Whether a live event goes out at once. */
  readonly live: boolean;
  /** The last transport number of the hub. */
  readonly now: number;
  /** A live event. */
  give(broadcast: Broadcast): void;
  /** One that was told others before, or comes out of the log. */
  replay(event: Pick<Replayed, 'text'> & Partial<Replayed>): void;
  tell(frame: Frame, asked: boolean): void;
  /** The story of a scope goes on elsewhere than it stopped. */
  leapt(): void;
}

/** Whose feed it is, and what becomes of it. */
export interface Following {
  followed(key: string, scope: Scope): void;
  /** More conversations than one session hears of. */
  overfull(): void;
  /** What this session had still to read is gone: retention took it, or the log was put back to an earlier state. */
  overtaken(): void;
  /** The log cannot be read. */
  broken(error: unknown): void;
}

/**
 * The events that one session has coming. While it keeps up, each live event goes straight out; one that does not is sent nothing until
 * it can take more, and then reads on in the log where it stands: a slow reader costs nobody anything (LINK-3), and whatever came first
 * is sent first, replayed or live (SYNC-1).
 */
export class Feed {
  readonly #session: Following;
  readonly #outlet: Outlet;
  readonly #log: EventLog;
  readonly #recent: Recent;
  readonly #cursors = new Map<string, Cursor>();
  /** Those with `at` before `until`: they read on in the log, the next one first. Null while there was none. */
  #behind: Set<Cursor> | null = null;
  #asks: Ask[] = [];
  #named = 0;

  constructor(session: Following, outlet: Outlet, log: EventLog, recent: Recent) {
    this.#session = session;
    this.#outlet = outlet;
    this.#log = log;
    this.#recent = recent;
  }

  /** Scopes that the client named, and its syncs that wait: what it can make the hub remember. */
  get size(): number {
    return this.#named + this.#asks.length;
  }

  /** From now on the events of that scope, unless it follows it already. */
  follow(scope: Scope): void {
    const key = scopeKey(scope);
    if (this.#cursors.has(key)) return;
    const newest = this.#head(scope);
    if (!newest) return;
    this.#begin({ key, scope, since: this.#outlet.now, ...newest, until: newest.at });
    this.#named++;
  }

  /** A live event of a scope that is followed, or heard of unnamed: then it begins with this one. */
  hear(key: string, scope: Scope, seq: number, broadcast: Broadcast): void {
    const cursor = this.#cursors.get(key) ?? this.#meet(key, scope, seq);
    if (!cursor) return;
    if (seq === 1 || seq !== cursor.until + 1) this.#renew(cursor, seq);
    if (seq === cursor.at + 1 && cursor.until === cursor.at && this.#outlet.live) {
      cursor.at = seq;
      cursor.until = seq;
      return this.#outlet.give(broadcast);
    }
    this.#want(cursor, seq);
    this.pull();
  }

  #meet(key: string, scope: Scope, seq: number): Cursor | null {
    const newest = this.#head(scope);
    if (!newest) return null;
    if (this.#cursors.size < MOST)
      return this.#begin({ key, scope, since: 0, logId: newest.logId, at: seq - 1, until: seq - 1 });
    this.#session.overfull();
    return null;
  }

  /** [SEQ-5] Where another log has taken the place of the one that was heard, and counts from the beginning. */
  #renew(cursor: Cursor, seq: number): void {
    const newest = this.#head(cursor.scope);
    if (newest && this.#isAnother(cursor, newest.logId)) this.#leap(cursor, seq - 1, seq - 1);
  }

  /** A log that begins is none that takes another's place. */
  #isAnother(cursor: Cursor, logId: string | null): boolean {
    const another = cursor.logId !== null && cursor.logId !== logId;
    cursor.logId = logId;
    return another;
  }

  #leap(cursor: Cursor, at: number, until: number): void {
    if (cursor.at === at && cursor.until === until) return;
    this.#outlet.leapt();
    cursor.restated = null;
    cursor.at = at;
    cursor.until = until;
  }

  /** Whether a live event, or another frame of the scope, was given: whatever was not is behind the cursor or came before it. */
  gave(key: string, eventSeq: number, seq: number): boolean | null {
    const cursor = this.#cursors.get(key);
    return cursor ? seq > cursor.since && eventSeq <= cursor.at : null;
  }

  /** [SYNC-1] The session wants what it missed; the device is asked for the rest of the answer. */
  sync(scope: Scope, requestId: string | undefined, asked: Asked): void {
    const judged = this.#read((log) => judge(log, scope, asked));
    if (!judged) return;
    const { after, told } = judged;
    const key = scopeKey(scope);
    const { log_id: logId } = told;
    const known = this.#cursors.get(key);
    if (!known) this.#named++;
    const cursor =
      known ?? this.#begin({ key, scope, since: this.#outlet.now, logId, at: after, until: after });
    // Without a cursor nothing is replayed, but what the session was still to be sent it is sent.
    if (this.#isAnother(cursor, logId)) this.#leap(cursor, after, after);
    else if (asked.after_event_seq !== undefined) this.#leap(cursor, after, Math.max(cursor.until, after));
    this.#asks.push({ key, cursor, requestId, told, due: told.head, held: [], bytes: 0, answered: false });
    this.#want(cursor, told.head);
    this.pull();
  }

  /** How things are, as the device says to the sync of that `request_id` in that scope. False when there is none. */
  snapshot(key: string, requestId: string | undefined, frame: Frame): boolean {
    return this.#hold(
      this.#asks.find((ask) => ask.key === key && ask.requestId === requestId && !ask.answered),
      frame,
    );
  }

  /** One whose `request_id` is the question's own: it is for whoever syncs that scope now. */
  sharedSnapshot(key: string, frame: Frame): void {
    this.#hold(
      this.#asks.find((ask) => ask.key === key && !ask.answered),
      frame,
    );
  }

  /** How things are, said to everyone: whether this session was sent all that it reflects. Else it is told as soon as it was. */
  reflects(key: string, frame: Frame): boolean {
    const cursor = this.#cursors.get(key);
    if (!cursor) return true;
    const { event_seq: seq } = frame;
    if (typeof seq !== 'number' || seq > cursor.until) return false;
    if (seq <= cursor.at) return true;
    cursor.restated ??= new Map();
    cursor.restated.set(frame.type, frame);
    return false;
  }

  /** The device's last word to a sync; `key` null when it does not say of which scope. */
  answer(key: string | null, requestId: string | undefined, frame: Frame): void {
    const ask = this.#asks.find(
      (one) => one.requestId === requestId && !one.answered && (key === null || one.key === key),
    );
    const asked = requestId !== undefined;
    if (!ask) return this.#outlet.tell(frame, asked);
    if (frame.success === false) {
      this.forget(requestId, ask);
      return this.#outlet.tell(frame, asked);
    }
    ask.answered = true;
    this.#hold(ask, frame);
  }

  /** The oldest open sync of that `request_id` has failed. */
  forget(
    requestId: string | undefined,
    ask = this.#asks.find((one) => one.requestId === requestId && !one.answered),
  ): void {
    this.#asks = this.#asks.filter((one) => one !== ask);
  }

  /** The log lags no longer: what was told beyond its end was another one's. */
  caughtUp(): void {
    for (const { scope, logId, at } of this.#cursors.values()) {
      const newest = this.#head(scope);
      if (newest && newest.logId === logId && newest.at < at) return this.#session.overtaken();
    }
  }

  /** Sends on until the socket takes no more or nothing is left; one page of each scope in turn. */
  pull(): void {
    const behind = this.#behind;
    for (const cursor of behind ?? []) {
      if (!this.#outlet.ready) return;
      const page = this.#pageOf(cursor);
      if (!page) return;
      if (page.gap) return this.#session.overtaken();
      behind?.delete(cursor);
      this.#send(cursor, page);
      // Added again it comes last.
      this.#want(cursor, cursor.until);
    }
  }

  #pageOf({ key, scope, at }: Cursor): Page | null {
    const events = this.#recent.after(key, at, PAGE);
    return events ? { events, gap: null } : this.#read((log) => log.read(scope, at, PAGE));
  }

  #send(cursor: Cursor, { events }: Page): void {
    // The conversation was deleted under it: there is nothing to wait for.
    if (events.length === 0) cursor.until = cursor.at;
    for (const event of events) {
      if (event.event_seq > cursor.until) break;
      cursor.at = event.event_seq;
      this.#outlet.replay(event);
      this.#release(cursor);
    }
    this.#release(cursor);
  }

  #want(cursor: Cursor, until: number): void {
    cursor.until = Math.max(cursor.until, until);
    if (cursor.at >= cursor.until) return;
    this.#behind ??= new Set();
    this.#behind.add(cursor);
  }

  #hold(ask: Ask | undefined, frame: Frame): boolean {
    if (!ask) return false;
    // A client that reads nothing has no more kept for it than this, and the answer after that.
    if (ask.bytes > MOST_HELD) {
      this.#session.overtaken();
      return true;
    }
    ask.held.push(frame);
    ask.bytes += JSON.stringify(frame).length;
    if (frame.snapshot === true && typeof frame.event_seq === 'number') {
      ask.due = Math.max(ask.due, frame.event_seq);
      this.#want(ask.cursor, ask.due);
    }
    this.#release(ask.cursor);
    this.pull();
    return true;
  }

  /** Tells what was held back for this scope, as far as the events before it are sent. */
  #release(cursor: Cursor): void {
    for (const [type, frame] of cursor.restated ?? []) {
      if (Number(frame.event_seq) > cursor.at) continue;
      cursor.restated?.delete(type);
      this.#outlet.tell(frame, false);
    }
    if (this.#asks.length === 0) return;
    for (const ask of this.#asks) {
      if (ask.cursor !== cursor || cursor.at < Math.min(ask.due, cursor.until)) continue;
      for (const frame of ask.held) {
        const answer = frame.snapshot === true ? frame : { ...frame, ...ask.told, head: ask.due };
        this.#outlet.tell(answer, ask.requestId !== undefined);
      }
      ask.held = [];
      ask.bytes = 0;
    }
    this.#asks = this.#asks.filter((ask) => !ask.answered || ask.held.length > 0);
  }

  #begin(place: Place): Cursor {
    const cursor = { ...place, restated: null };
    this.#cursors.set(cursor.key, cursor);
    this.#session.followed(cursor.key, cursor.scope);
    return cursor;
  }

  #head(scope: Scope): { readonly logId: string | null; readonly at: number } | null {
    return this.#read((log) => {
      const newest = log.head(scope);
      return { logId: newest?.log_id ?? null, at: newest?.event_seq ?? 0 };
    });
  }

  #read<T>(read: (log: EventLog) => T): T | null {
    try {
      return read(this.#log);
    } catch (error) {
      this.#session.broken(error);
      return null;
    }
  }
}
