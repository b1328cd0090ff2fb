import type { Frame } from '../protocol/frames.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';

type Place = { readonly scope: Scope; logId: string | null; seq: number | null };

/** [SYNC-1] How far a reader has heard each conversation, so that a later connection goes on from there. */
export class Cursors {
  readonly #places = new Map<string, Place>();
  readonly #all: boolean;

  /** `all`: every conversation that is heard counts; else those that `follow` named. */
  constructor({ all }: { readonly all: boolean }) {
    this.#all = all;
  }

  follow(scope: Scope): void {
    this.#placeOf(scope);
  }

  /** A frame that the device sent. */
  heard(frame: Frame): void {
    const { runtime, event_seq, log_id, snapshot } = frame;
    const scope = scopeOf(runtime);
    if (!scope || typeof event_seq !== 'number') return;
    const place = this.#all ? this.#placeOf(scope) : this.#places.get(scopeKey(scope));
    if (!place) return;
    const logId = typeof log_id === 'string' ? log_id : place.logId;
    const otherLog = place.logId !== null && logId !== place.logId;
    // A snapshot says how things are, not how they came to be so: who has events coming still has.
    if (snapshot !== true || place.seq === null || otherLog) place.seq = event_seq;
    place.logId = logId;
  }

  /** What to ask with: a `sync` of each conversation, for what came after the last that was heard. */
  syncs(): Frame[] {
    return [...this.#places.values()].map(syncFrame);
  }

  sync(scope: Scope): Frame {
    return syncFrame(this.#placeOf(scope));
  }

  #placeOf({ agent_id, conversation_id }: Scope): Place {
    const scope = { agent_id, conversation_id };
    const key = scopeKey(scope);
    const known = this.#places.get(key);
    if (known) return known;
    const place: Place = { scope, logId: null, seq: null };
    this.#places.set(key, place);
    return place;
  }
}

const syncFrame = ({ scope, logId, seq }: Place): Frame => ({
  type: 'sync',
  runtime: scope,
  ...(logId !== null && { log_id: logId }),
  ...(seq !== null && { after_event_seq: seq }),
});
