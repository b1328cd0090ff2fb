import type { Clock, Timer } from '../link/clock.ts';

type Entry = { readonly replyType: string; readonly timer: Timer };

/** [ERR-1] The commands of one session that have no answer yet. Each is answered once: by the device, or by its deadline. */
export class InFlight {
  readonly #clock: Clock;
  /** By `request_id`; a client may use one again before its answer, and then the answers come in turn. Null while there is none. */
  #entries: Map<string | undefined, Entry[]> | null = null;
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  add(requestId: string | undefined, replyType: string, deadlineMs: number, expired: () => void): void {
    const timer = this.#clock.after(deadlineMs, () => {
      this.#remove(requestId, entry);
      expired();
    });
    const entry: Entry = { replyType, timer };
    this.#entries ??= new Map();
    const entries = this.#entries.get(requestId);
    if (entries) entries.push(entry);
    else this.#entries.set(requestId, [entry]);
    this.#size++;
  }

  /** Whether a reply of that type is still awaited. */
  awaits(requestId: string | undefined, replyType: string): boolean {
    return this.#find(requestId, replyType) !== undefined;
  }

  /** Settles the oldest command that such a reply answers; without a type, the oldest of that id. */
  settle(requestId: string | undefined, replyType?: string): void {
    const entry = this.#find(requestId, replyType);
    if (entry) this.#remove(requestId, entry);
  }

  clear(): void {
    for (const entries of this.#entries?.values() ?? []) for (const { timer } of entries) timer.cancel();
    this.#entries = null;
    this.#size = 0;
  }

  #find(requestId: string | undefined, replyType?: string): Entry | undefined {
    const entries = this.#entries?.get(requestId);
    return entries?.find((entry) => replyType === undefined || entry.replyType === replyType);
  }

  #remove(requestId: string | undefined, entry: Entry): void {
    entry.timer.cancel();
    const left = this.#entries?.get(requestId)?.filter((other) => other !== entry) ?? [];
    if (left.length > 0) this.#entries?.set(requestId, left);
    else this.#entries?.delete(requestId);
    this.#size--;
    if (this.#size === 0) this.#entries = null;
  }
}
