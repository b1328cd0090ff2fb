import type { Clock, Timer } from '../link/clock.ts';
import type { Commit, Committed, Store } from '../store/store.ts';
import { StoreError } from '../store/store.ts';

/** Further text of a message waits this long after the last commit, or four commits' time where commits are slow. */
const textDelayMs = 15;
const textDelayCommits = 4;
/** How long to wait before what a failing store refused is tried again. */
const retryMs = 1_000;

/** Somebody with something to make durable. */
export interface Member {
  /** What is to be durable now; null when nothing waits. A StoreError that it throws comes back by `failed`. */
  draw(): Commit | null;
  settled(committed: Committed | null): void;
  /** Nothing of it is durable: forget it, or keep it for the next attempt. */
  failed(error: StoreError): void;
}

type Drawn = { readonly member: Member; readonly commit: Commit };

const isEmpty = ({ facts, events, inputs, consumed }: Commit) =>
  facts.length + events.length + inputs.length + (consumed?.length ?? 0) === 0;

/** What the store refuses to read concerns its conversation alone. */
function drawOf(member: Member): Commit | null {
  try {
    return member.draw();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    member.failed(error);
    return null;
  }
}

/**
 * Commits what all conversations of the home have to say in one transaction per turn of the event loop, so that twenty busy
 * conversations cost one flush of the disk (SEQ-2: commit, then send).
 */
export class Committer {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #fenced: (error: StoreError) => void;
  readonly #told: () => void;
  readonly #waiting = new Set<Member>();
  #urgent = false;
  #timer: Timer | null = null;
  #lastEnd = 0;
  #averageMs = 1;
  #closed = false;

  /** `told`: everything that a commit made durable was said. */
  constructor(store: Store, clock: Clock, fenced: (error: StoreError) => void, told: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#fenced = fenced;
    this.#told = told;
  }

  request(member: Member, urgency: 'now' | 'text'): void {
    if (this.#closed) return;
    this.#waiting.add(member);
    if (urgency === 'now') {
      if (this.#urgent) return;
      this.#urgent = true;
      this.#timer?.cancel();
      this.#timer = null;
      setImmediate(() => this.flush());
    } else if (!this.#urgent && !this.#timer) {
      const due = this.#lastEnd + Math.max(textDelayMs, textDelayCommits * this.#averageMs);
      this.#timer = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.flush());
    }
  }

  flush(): void {
    this.#urgent = false;
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#closed) return;
    const drawn: Drawn[] = [];
    for (const member of this.#waiting) {
      const commit = drawOf(member);
      if (commit) drawn.push({ member, commit });
    }
    this.#waiting.clear();
    this.#settle(drawn);
  }

  /** What fails together is tried one by one, so that one conversation's trouble stays its own. */
  #settle(drawn: readonly Drawn[]): void {
    const durable = drawn.filter(({ commit }) => !isEmpty(commit));
    const results = this.#commit(durable.map(({ commit }) => commit));
    if (!(results instanceof StoreError)) {
      const byMember = new Map(durable.map(({ member }, n) => [member, results[n] ?? null]));
      for (const { member } of drawn) member.settled(byMember.get(member) ?? null);
      if (durable.length > 0) this.#told();
    } else if (drawn.length > 1 && results.code !== 'lease_lost') {
      for (const one of drawn) this.#settle([one]);
    } else {
      for (const { member } of drawn) member.failed(results);
      if (results.code === 'lease_lost') this.#fenced(results);
    }
  }

  /** Asks for another attempt later, after `failed`. */
  again(member: Member): void {
    this.#clock.after(retryMs, () => this.request(member, 'now'));
  }

  /** Makes durable what waits, then takes nothing more. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  #commit(batch: readonly Commit[]): readonly Committed[] | StoreError {
    if (batch.length === 0) return [];
    const start = performance.now();
    try {
      return this.#store.commit(batch);
    } catch (error) {
      if (error instanceof StoreError) return error;
      throw error;
    } finally {
      this.#averageMs = this.#averageMs * 0.9 + (performance.now() - start) * 0.1;
      this.#lastEnd = this.#clock.now();
    }
  }
}
