import type { Feed, Mirror } from '../broker/store/mirror.ts';
import { stateTypes } from '../broker/store/mirror.ts';
import type { LogPage } from '../hub/event-log.ts';
import type { Frame } from '../protocol/frames.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';

type Log = {
  readonly scope: Scope;
  logId: string | null;
  head: number;
  readonly events: { readonly event_seq: number; readonly text: string }[];
  readonly states: Map<string, string>;
};
type Written = { readonly feed: Feed; readonly logs: ReadonlyMap<string, Log> };

/** What a broker heard of one device, for tests. It is written behind: `crash` takes back what came since the last `flush`. */
export class MemoryMirror implements Mirror {
  /** While set, whatever reads or writes throws it. */
  fault: Error | null = null;
  #feed: Feed = { feedId: null, have: 0 };
  #logs = new Map<string, Log>();
  #written: Written = { feed: this.#feed, logs: new Map() };

  flush(): void {
    this.#written = { feed: this.#feed, logs: copied(this.#logs) };
  }

  crash(): void {
    this.#feed = this.#written.feed;
    this.#logs = copied(this.#written.logs);
  }

  feed(): Feed {
    this.#check();
    return this.#feed;
  }

  begin(feedId: string): void {
    this.#check();
    this.#feed = { feedId, have: 0 };
    this.#logs.clear();
  }

  append(scope: Scope, logId: string, seq: number, text: string): boolean {
    this.#check();
    const log = this.#log(scope);
    if (log.logId === logId && seq <= log.head) return false;
    if (log.logId !== logId) log.events.splice(0);
    log.logId = logId;
    log.head = seq;
    log.events.push({ event_seq: seq, text });
    return true;
  }

  mark(position: number): void {
    this.#check();
    if (position > this.#feed.have) this.#feed = { ...this.#feed, have: position };
  }

  remember(scope: Scope, frame: Frame): void {
    this.#check();
    this.#log(scope).states.set(frame.type, JSON.stringify(frame));
  }

  latest(scope: Scope): readonly Frame[] {
    this.#check();
    const states = this.#logs.get(scopeKey(scope))?.states;
    return stateTypes.flatMap((type) => {
      const text = states?.get(type);
      return text === undefined ? [] : [JSON.parse(text) as Frame];
    });
  }

  asking(): readonly { readonly scope: Scope; readonly status: Frame }[] {
    this.#check();
    return [...this.#logs.values()].flatMap(({ scope, states }) => {
      const status = states.get('update_device_status');
      return status?.includes('"pending_control_requests":[{') ? [{ scope, status: JSON.parse(status) }] : [];
    });
  }

  forget(scope: Scope): void {
    this.#check();
    this.#logs.delete(scopeKey(scope));
  }

  head(scope: Scope): { readonly log_id: string; readonly event_seq: number } | null {
    this.#check();
    const log = this.#logs.get(scopeKey(scope));
    return log && log.logId !== null ? { log_id: log.logId, event_seq: log.head } : null;
  }

  read(scope: Scope, after: number, maxBytes: number): LogPage {
    this.#check();
    const log = this.#logs.get(scopeKey(scope));
    const events: Log['events'] = [];
    let bytes = 0;
    let gap: LogPage['gap'] = null;
    let last = after;
    for (const event of log?.events ?? []) {
      if (event.event_seq <= after) continue;
      bytes += event.text.length;
      // A hole is told where a page begins, and ends the page that comes before it.
      if (events.length > 0 && (bytes > maxBytes || event.event_seq > last + 1)) break;
      if (event.event_seq > last + 1) gap = { from: last + 1, to: event.event_seq - 1 };
      events.push(event);
      last = event.event_seq;
    }
    return { events, gap };
  }

  #log(scope: Scope): Log {
    const key = scopeKey(scope);
    const known = this.#logs.get(key);
    if (known) return known;
    const fresh: Log = { scope, logId: null, head: 0, events: [], states: new Map() };
    this.#logs.set(key, fresh);
    return fresh;
  }

  #check(): void {
    if (this.fault) throw this.fault;
  }
}

const copied = (logs: ReadonlyMap<string, Log>): Map<string, Log> =>
  new Map(
    [...logs].map(([key, log]) => [key, { ...log, events: [...log.events], states: new Map(log.states) }]),
  );
