import type { Clock } from '../../link/clock.ts';
import { errorTable, type Failure } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Inbox, Parked } from '../store/inbox.ts';
import { deliveryId, outcomeOf } from './delivery.ts';
import type { Settling } from './settling.ts';

/** A command on its way, and the stamped command of the client that still waits for the device's answer to it. */
type Written = { readonly entry: Parked; readonly asked: Frame | null };

export type HandoverOptions = {
  readonly inbox: Pick<Inbox, 'written'>;
  readonly clock: Clock;
  readonly settling: Settling;
  /** Whether the link takes more now; when it does again, `pump` is called. */
  ready(): boolean;
  send(frame: Frame): void;
  /** To the client that sent the message just now. */
  say(frame: Frame): void;
};

/**
 * [IN-5] Hands what waited to a device that keeps no record of it: each entry is noted as written before it is, and never written again;
 * then only the device's answer says more of it. What is about a turn goes only to a device that has said how things are, so that its
 * dialect can tell whether it still is about that turn (APR-2, ABT-1).
 */
export class Handover {
  readonly #options: HandoverOptions;
  readonly #due = new Set<Written>();
  readonly #asking = new Map<string, Written>();
  readonly #written = new Map<string, Written>();

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  add(entry: Parked, asked: Frame | null = null): void {
    const item = { entry, asked };
    if (entry.kind === 'message') this.#due.add(item);
    else {
      const request_id = deliveryId(entry.position);
      this.#asking.set(request_id, item);
      this.#options.send({ type: 'sync', request_id, runtime: entry.scope, auth: entry.frame.auth });
    }
    this.pump();
  }

  pump(): void {
    const { clock, inbox, settling, ready, send } = this.#options;
    for (const item of this.#due) {
      if (!ready()) return;
      const { entry } = item;
      if (entry.expiresAt <= clock.now()) {
        this.#due.delete(item);
        settling.tooLate(entry);
        continue;
      }
      inbox.written(entry.position);
      this.#due.delete(item);
      const request_id = deliveryId(entry.position);
      this.#written.set(request_id, item);
      send({ ...entry.frame, request_id });
    }
  }

  /** What the device said to a `request_id` that `isDelivery`. */
  answer(frame: Frame): void {
    const { settling, say } = this.#options;
    const requestId = String(frame.request_id);
    const asking = this.#asking.get(requestId);
    if (asking && frame.type === 'sync_response') {
      this.#asking.delete(requestId);
      this.#due.add(asking);
      return this.pump();
    }
    const item = this.#written.get(requestId);
    const outcome = item && outcomeOf(item.entry, frame);
    if (!item || !outcome) return;
    this.#written.delete(requestId);
    const { entry, asked } = item;
    if (outcome === 'taken') settling.end(entry, 'handed_over', null);
    else settling.end(entry, isUnknown(outcome) ? 'indeterminate' : 'rejected', outcome.code);
    if (asked) say({ ...frame, request_id: asked.request_id });
  }

  /** The link is lost: what was written without an answer, and the clients that wait for one about what was not. */
  stop(): { readonly written: readonly Written[]; readonly unsent: readonly Written[] } {
    const written = [...this.#written.values()];
    const unsent = [...this.#due];
    for (const items of [this.#written, this.#due, this.#asking]) items.clear();
    return { written, unsent };
  }
}

const isUnknown = ({ code }: Failure): boolean => errorTable[code].retry === 'unknown';
