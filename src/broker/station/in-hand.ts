import type { Frame } from '../../protocol/frames.ts';
import { commandSpec, routeOf } from '../../protocol/routing.ts';

/** A command that went over the link and has no answer; `at`: when it did. */
export type Relayed = { readonly frame: Frame; readonly at: number };
type Entry = Relayed & { readonly until: number; readonly bytes: number };

/** [ERR-3] What a device has in hand: when its link is lost, each of these is still to be answered. */
export class InHand {
  /** Oldest first. */
  readonly #entries = new Set<Entry>();
  readonly #byRequest = new Map<unknown, Set<Entry>>();
  #bytes = 0;

  /** How many commands wait for their answer: more and more, of a device that takes everything and answers nothing. */
  get size(): number {
    return this.#entries.size;
  }

  /** About what they take in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Commands without a reply are over once they are sent. After its deadline a command's asker has been told that nobody knows. */
  add(frame: Frame, at: number): void {
    this.#forget(at);
    const spec = commandSpec(frame.type);
    if (!spec?.reply) return;
    const bytes = JSON.stringify(frame).length;
    const entry = { frame, at, until: at + spec.deadlineMs, bytes };
    this.#entries.add(entry);
    this.#bytes += bytes;
    const same = this.#byRequest.get(frame.request_id) ?? new Set();
    this.#byRequest.set(frame.request_id, same.add(entry));
  }

  /** A device's last word on the oldest command that it can be the answer to. */
  settle(answer: Frame): void {
    const same = this.#byRequest.get(answer.request_id);
    if (!same) return;
    const route = routeOf(answer.type);
    for (const entry of same) {
      const answered =
        answer.type === 'error' || (route?.kind === 'reply' && route.command === entry.frame.type);
      if (!answered) continue;
      const last = !commandSpec(entry.frame.type)?.chunked || answer.done === true || answer.type === 'error';
      if (last) this.#remove(entry);
      return;
    }
  }

  /** Everything that is still to be answered, oldest first; it is in nobody's hand any more. */
  take(now: number): readonly Relayed[] {
    this.#forget(now);
    const left = [...this.#entries];
    this.#entries.clear();
    this.#byRequest.clear();
    this.#bytes = 0;
    return left;
  }

  #forget(now: number): void {
    for (const entry of this.#entries) {
      if (entry.until > now) return;
      this.#remove(entry);
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    this.#bytes -= entry.bytes;
    const same = this.#byRequest.get(entry.frame.request_id);
    same?.delete(entry);
    if (same?.size === 0) this.#byRequest.delete(entry.frame.request_id);
  }
}
