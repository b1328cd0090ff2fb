import type { Scope } from '../protocol/shapes.ts';

export type Hearer = {
  /** Whether it hears of this scope without having named it; null: never. */
  readonly hearsUnnamed: ((scope: Scope) => boolean) | null;
};

type Place<S> = { readonly scope: Scope; readonly followers: Set<S>; hearers: readonly S[] | null };

/** Who hears of which scope. Looked up for every frame, and put together again only when somebody comes, goes or names a scope. */
export class Audiences<S extends Hearer> {
  readonly #places = new Map<string, Place<S>>();
  readonly #wide = new Set<S>();

  /** Scopes that somebody follows. */
  *followed(): Generator<Scope> {
    for (const { scope } of this.#places.values()) yield scope;
  }

  join(session: S): void {
    if (!session.hearsUnnamed) return;
    this.#wide.add(session);
    for (const place of this.#places.values()) place.hearers = null;
  }

  follow(key: string, scope: Scope, session: S): void {
    const place = this.#places.get(key) ?? { scope, followers: new Set(), hearers: null };
    this.#places.set(key, place);
    place.followers.add(session);
    place.hearers = null;
  }

  leave(session: S): void {
    const wide = this.#wide.delete(session);
    for (const [key, place] of this.#places) {
      if (!place.followers.delete(session) && !wide) continue;
      place.hearers = null;
      if (place.followers.size === 0) this.#places.delete(key);
    }
  }

  /** Those who named the scope. */
  followers(key: string): Iterable<S> {
    return this.#places.get(key)?.followers ?? [];
  }

  /** Each once. The list is never changed, so that those on it may go while it is gone through. */
  of(key: string, scope: Scope): readonly S[] {
    const place = this.#places.get(key);
    if (place?.hearers) return place.hearers;
    const wide = [...this.#wide].filter((session) => session.hearsUnnamed?.(scope));
    if (!place) return wide;
    place.hearers = [...new Set([...place.followers, ...wide])];
    return place.hearers;
  }
}
