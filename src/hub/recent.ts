import type { Numbered } from './numbering.ts';

/** A stored event as it came, and with the number that it was told under; null while nobody was told it so. */
export type Replayed = { readonly event_seq: number; readonly text: string; numbered: Numbered | null };

type Place = { events: Replayed[]; length: number };

/** Characters that are kept: of one scope, and of all. */
const most = { ofScope: 2 * 1024 * 1024, inAll: 4 * 1024 * 1024 } as const;

/**
 * The last events of each scope, so that those who read on a little behind the others need no log for it, and are told the same bytes.
 * What is not here stands in the log.
 */
export class Recent {
  /** The one that was added to last is the last. */
  readonly #places = new Map<string, Place>();
  #length = 0;

  add(key: string, event: Replayed): void {
    const known = this.#places.get(key);
    const follows = known?.events.at(-1)?.event_seq === event.event_seq - 1;
    // A number that does not follow is another log's, or comes after a gap: what stands here leads nowhere.
    if (known && !follows) this.#take(known, known.events.length);
    const place = known ?? { events: [], length: 0 };
    this.#places.delete(key);
    this.#places.set(key, place);
    place.events.push(event);
    place.length += event.text.length;
    this.#length += event.text.length;
    if (place.length > most.ofScope) this.#take(place, Math.ceil(place.events.length / 2));
    if (this.#length > most.inAll) this.#dropOldest();
  }

  /** Those after that number, until `length` characters are passed, at least one; null where the log has to be asked. */
  after(key: string, seq: number, length: number): readonly Replayed[] | null {
    const { events = [] } = this.#places.get(key) ?? {};
    const first = events[0]?.event_seq ?? Number.POSITIVE_INFINITY;
    const from = seq + 1 - first;
    if (from < 0 || from >= events.length) return null;
    let to = from;
    for (let taken = 0; to < events.length && taken < length; to++) taken += events[to]?.text.length ?? 0;
    return events.slice(from, to);
  }

  #take(place: Place, count: number): void {
    for (const { text } of place.events.slice(0, count)) {
      place.length -= text.length;
      this.#length -= text.length;
    }
    place.events = place.events.slice(count);
  }

  #dropOldest(): void {
    const [oldest] = this.#places;
    if (!oldest) return;
    const [key, place] = oldest;
    this.#take(place, place.events.length);
    this.#places.delete(key);
  }
}
