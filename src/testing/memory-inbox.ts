import type { Fate, Inbox, Parked } from '../broker/store/inbox.ts';
import type { Failure } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import { StoreError } from '../sqlite/store-error.ts';

/** What waits for one device, for tests. Whatever returned is there for the next station on it, as if it was durable. */
export class MemoryInbox implements Inbox {
  readonly id: string;
  /** While set, everything but `put` throws it. */
  fault: StoreError | null = null;
  /** While set, `put` returns it. */
  full: Failure | null = null;
  /** What waits is kept no longer than this, for tests that cannot wait a week. */
  longestMs = Number.POSITIVE_INFINITY;
  readonly #entries = new Map<number, Parked>();
  readonly #fates = new Map<string, Fate>();
  readonly #passed = new Map<string, string>();
  #last = 0;

  constructor(id = 'inbox-1') {
    this.id = id;
  }

  put(entry: Omit<Parked, 'position' | 'state'>): Parked | Failure {
    if (this.full) return this.full;
    if (this.#entries.size >= limits.parked) return { code: 'queue_full', message: 'Too many wait.' };
    this.#last += 1;
    const expiresAt = Math.min(entry.expiresAt, entry.at + this.longestMs);
    const parked: Parked = stored({ ...entry, expiresAt, position: this.#last, state: 'waiting' });
    this.#entries.set(parked.position, parked);
    return stored(parked);
  }

  all(): readonly Parked[] {
    return this.#select(() => true);
  }

  of(scope: Scope): readonly Parked[] {
    return this.#select((entry) => scopeKey(entry.scope) === scopeKey(scope));
  }

  find(scope: Scope, key: string): Parked | null {
    const [found] = this.#select((entry) => entry.key === key && scopeKey(entry.scope) === scopeKey(scope));
    return found ?? null;
  }

  sent(position: number): void {
    this.#note(position, 'sent');
  }

  written(position: number): void {
    this.#note(position, 'written');
  }

  remove(position: number): void {
    this.#check();
    this.#entries.delete(position);
  }

  settle({ position, scope, key, inputId, hash }: Parked, fate: Omit<Fate, 'inputId' | 'hash'>): void {
    this.remove(position);
    const place = `${scopeKey(scope)} ${key}`;
    if (key !== null && !this.#fates.has(place)) this.#fates.set(place, { inputId, hash, ...fate });
  }

  fate(scope: Scope, key: string): Fate | null {
    this.#check();
    return this.#fates.get(`${scopeKey(scope)} ${key}`) ?? null;
  }

  pass(scope: Scope, key: string, hash: string): void {
    this.#check();
    const place = `${scopeKey(scope)} ${key}`;
    this.#passed.set(place, this.#passed.get(place) ?? hash);
  }

  passed(scope: Scope, key: string): string | null {
    this.#check();
    return this.#passed.get(`${scopeKey(scope)} ${key}`) ?? null;
  }

  expire(now: number): readonly Parked[] {
    const expired = this.all().filter(({ expiresAt }) => expiresAt <= now);
    for (const { position } of expired) this.#entries.delete(position);
    return expired;
  }

  first(): number {
    this.#check();
    return Math.min(...this.#entries.keys(), this.#last + 1);
  }

  #note(position: number, state: Parked['state']): void {
    this.#check();
    const entry = this.#entries.get(position);
    if (entry) this.#entries.set(position, { ...entry, state });
  }

  #select(wanted: (entry: Parked) => boolean): readonly Parked[] {
    this.#check();
    return [...this.#entries.values()].filter(wanted).map(stored);
  }

  #check(): void {
    if (this.fault) throw this.fault;
  }
}

/** A store gives back what was written, never the object that was handed in. */
const stored = <T>(value: T): T => structuredClone(value);

export const diskFull = (): StoreError =>
  new StoreError({ code: 'store_full', message: 'The disk is full. Make room and send it again.' });
