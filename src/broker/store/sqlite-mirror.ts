import type { Gap, LogPage } from '../../hub/event-log.ts';
import type { Clock } from '../../link/clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import type { Database } from '../../sqlite/open.ts';
import { parseStored } from '../../sqlite/stored-text.ts';
import { type Feed, type Mirror, stateTypes } from './mirror.ts';
import {
  askingIn,
  type Conversation,
  type EventRow,
  findConversation,
  removeConversation,
  writeConversation,
  writeEvents,
} from './mirror-rows.ts';
import type { WriteBehind, Writer } from './write-behind.ts';

export type MirrorOptions = {
  readonly db: Database;
  readonly environmentId: string;
  readonly behind: WriteBehind;
  readonly clock: Clock;
  /** The next number of a mirror, a conversation or a log; never given twice. */
  mint(): number;
  /** The mirror takes so many bytes by now. */
  grown(bytes: number): void;
};

type Queued = EventRow & { readonly of: Conversation };

/** What one waiting change takes in memory besides its text. */
const overhead = 200;
/** Conversations that are kept in memory between two writes. */
const cached = 1_000;
const states: ReadonlySet<string> = new Set(stateTypes);

export class SqliteMirror implements Mirror, Writer {
  readonly #options: MirrorOptions;
  #id: number;
  #stored: boolean;
  #feed: Feed;
  /** Those with changes, and others that were in use lately; null for one that was forgotten. */
  readonly #conversations = new Map<string, Conversation | null>();
  readonly #changed = new Set<Conversation>();
  #queued: Queued[] = [];
  #forgotten: Conversation[] = [];
  /** Mirrors of other feeds, to be put out. */
  #former: number[] = [];
  #waiting = 0;
  #bytes = 0;

  constructor(options: MirrorOptions) {
    const { db, environmentId, mint } = options;
    const row = db.get<{ id: number; feed_id: string | null; have: number }>(
      'SELECT id, feed_id, have FROM mirror WHERE environment = ?',
      environmentId,
    );
    this.#options = options;
    this.#id = row?.id ?? mint();
    this.#stored = row !== undefined;
    this.#feed = { feedId: row?.feed_id ?? null, have: row?.have ?? 0 };
  }

  feed(): Feed {
    return this.#feed;
  }

  begin(feedId: string): void {
    if (this.#stored) this.#former.push(this.#id);
    this.#id = this.#options.mint();
    this.#stored = false;
    this.#feed = { feedId, have: 0 };
    this.#conversations.clear();
    this.#changed.clear();
    this.#queued = [];
    this.#forgotten = [];
    this.#waiting = 0;
    this.#add(overhead);
  }

  append(scope: Scope, logId: string, seq: number, text: string): boolean {
    if (!isPlace(seq) || logId === '' || logId.length > limits.id) return false;
    const known = this.#find(scope);
    if (known?.logId === logId && seq <= known.head) return false;
    const of = this.#change(scope, known);
    if (of.logId !== logId) {
      of.logId = logId;
      of.log = this.#options.mint();
      of.queued = 0;
    }
    of.head = seq;
    of.queued += 1;
    this.#queued.push({ of, log: of.log, seq, at: this.#options.clock.now(), text });
    this.#add(text.length + overhead);
    return true;
  }

  /** [SEQ-4] It is written together with the events before it, or after them. */
  mark(position: number): void {
    if (!isPlace(position) || position <= this.#feed.have) return;
    this.#feed = { ...this.#feed, have: position };
    this.#add(0);
  }

  remember(scope: Scope, frame: Frame): void {
    if (!states.has(frame.type)) return;
    const of = this.#change(scope, this.#find(scope));
    const text = JSON.stringify(frame);
    const before = of.states.get(frame.type)?.length ?? -overhead;
    of.states.set(frame.type, text);
    this.#add(text.length - before);
  }

  latest(scope: Scope): readonly Frame[] {
    const known = this.#find(scope);
    if (!known) return [];
    const texts = new Map<string, string>();
    const sql = 'SELECT type, text FROM state WHERE conversation = ?';
    for (const { type, text } of this.#options.db.all<{ type: string; text: string }>(sql, known.id))
      texts.set(type, text);
    for (const [type, text] of known.states) texts.set(type, text);
    return stateTypes.flatMap((type) => {
      const text = texts.get(type);
      return text === undefined ? [] : [parseStored<Frame>(text)];
    });
  }

  asking(): readonly { readonly scope: Scope; readonly status: Frame }[] {
    if (this.#changed.size > 0) this.#options.behind.flush();
    return askingIn(this.#options.db, this.#id);
  }

  forget(scope: Scope): void {
    const known = this.#find(scope);
    if (!known) return;
    this.#forgotten.push({ ...known });
    this.#changed.delete(known);
    this.#conversations.set(scopeKey(scope), null);
    // What of it is queued belongs to no log any more.
    known.log = 0;
    this.#add(overhead);
  }

  head(scope: Scope): { readonly log_id: string; readonly event_seq: number } | null {
    const known = this.#find(scope);
    return known && known.logId !== null ? { log_id: known.logId, event_seq: known.head } : null;
  }

  read(scope: Scope, after: number, maxBytes: number): LogPage {
    const known = this.#find(scope);
    if (!known) return { events: [], gap: null };
    if (known.queued > 0) this.#options.behind.flush();
    const events: { readonly event_seq: number; readonly text: string }[] = [];
    let bytes = 0;
    const sql = 'SELECT seq AS event_seq, text FROM event WHERE log = ? AND seq > ? ORDER BY seq';
    this.#options.db.each<(typeof events)[number]>(sql, [known.log, after], ({ event_seq, text }) => {
      const last = events.at(-1);
      bytes += Buffer.byteLength(text);
      // What comes behind a leap is for the next page, which says what lies between.
      if (last && (bytes > maxBytes || event_seq !== last.event_seq + 1)) return false;
      events.push({ event_seq, text });
      return true;
    });
    return { events, gap: gapBefore(events[0]?.event_seq ?? known.head + 1, after) };
  }

  get waiting(): number {
    return this.#waiting;
  }

  write(): void {
    const { db, environmentId } = this.#options;
    for (const id of this.#former) db.run('UPDATE mirror SET environment = NULL WHERE id = ?', id);
    if (!this.#stored)
      db.run(
        'INSERT INTO mirror (id, environment, have, bytes) VALUES (?, ?, 0, 0)',
        this.#id,
        environmentId,
      );
    let bytes = 0;
    for (const one of this.#forgotten) bytes += removeConversation(db, one);
    for (const one of this.#changed) bytes += writeConversation(db, this.#id, one, this.#options.clock.now());
    bytes += writeEvents(
      db,
      this.#id,
      this.#queued.filter(({ of, log }) => of.log === log),
    );
    const { feedId, have } = this.#feed;
    const sql = 'UPDATE mirror SET feed_id = ?, have = ?, bytes = bytes + ? WHERE id = ? RETURNING bytes';
    this.#bytes = db.get<{ bytes: number }>(sql, feedId, have, bytes, this.#id)?.bytes ?? 0;
  }

  written(): void {
    for (const one of this.#changed) {
      one.stored = one.log;
      one.queued = 0;
      one.states.clear();
    }
    for (const [key, one] of this.#conversations)
      if (one === null || this.#conversations.size > cached) this.#conversations.delete(key);
    this.#stored = true;
    this.#changed.clear();
    this.#queued = [];
    this.#forgotten = [];
    this.#former = [];
    this.#waiting = 0;
    this.#options.grown(this.#bytes);
  }

  /** Also the states that wait, and conversations of which nothing else is left. */
  shed(): number {
    const lost = this.#queued.splice(0, Math.ceil(this.#queued.length / 2));
    for (const { of, log } of lost) if (of.log === log) of.queued -= 1;
    for (const one of this.#changed) {
      one.states.clear();
      if (one.queued > 0 || one.stored !== null) continue;
      this.#changed.delete(one);
      this.#conversations.delete(scopeKey(one.scope));
    }
    this.#waiting = this.#queued.reduce((sum, { text }) => sum + text.length + overhead, 0);
    return lost.length;
  }

  #find(scope: Scope): Conversation | null {
    const known = this.#conversations.get(scopeKey(scope));
    return known === undefined ? findConversation(this.#options.db, this.#id, scope) : known;
  }

  #change(scope: Scope, known: Conversation | null): Conversation {
    if (known && this.#changed.has(known)) return known;
    const of = known ?? {
      id: this.#options.mint(),
      scope: { agent_id: scope.agent_id, conversation_id: scope.conversation_id },
      logId: null,
      log: this.#options.mint(),
      stored: null,
      head: 0,
      queued: 0,
      states: new Map(),
    };
    this.#conversations.set(scopeKey(scope), of);
    this.#changed.add(of);
    return of;
  }

  #add(bytes: number): void {
    this.#waiting += bytes;
    this.#options.behind.add(this, bytes);
  }
}

const isPlace = (number: number): boolean => Number.isSafeInteger(number) && number > 0;

/** The numbers between a cursor and the first event that is there, or the end. */
const gapBefore = (first: number, after: number): Gap | null =>
  first > after + 1 ? { from: after + 1, to: first - 1 } : null;
