import type { Frame } from '../../src/protocol/frames.ts';
import { fields, list } from '../../src/testing/loose.ts';

/** The n-th run or tool request of a recording stands for the n-th of ours; a queue's item for the one with the same message. */
export class Counterparts {
  readonly #scope: object;
  readonly #stock = {
    runs: new Set<unknown>(),
    requests: new Set<unknown>(),
    queued: new Map<unknown, unknown>(),
  };
  readonly #ours = {
    runs: new Set<unknown>(),
    requests: new Set<unknown>(),
    queued: new Map<unknown, unknown>(),
  };

  constructor(scope: object) {
    this.#scope = scope;
  }

  hearStock(frame: Frame): void {
    for (const { id, client_message_id } of queuedIn(frame)) this.#stock.queued.set(id, client_message_id);
    note(this.#stock, frame);
  }

  hearOurs(frame: Frame): void {
    for (const { id, client_message_id } of queuedIn(frame)) this.#ours.queued.set(client_message_id, id);
    note(this.#ours, frame);
  }

  /** The command as the recorded client would have given it to us; ids that it made up stay. */
  translate(frame: Frame): Frame {
    const payload = fields(frame.payload);
    const { runs, requests, queued } = this.#stock;
    return {
      ...frame,
      runtime: this.#scope,
      ...(typeof frame.run_id === 'string' && { run_id: nth(runs, this.#ours.runs, frame.run_id) }),
      ...(frame.item_id !== undefined && {
        item_id: this.#ours.queued.get(queued.get(frame.item_id)) ?? frame.item_id,
      }),
      ...(payload.request_id !== undefined && {
        payload: { ...payload, request_id: nth(requests, this.#ours.requests, payload.request_id) },
      }),
    };
  }
}

type Known = { readonly runs: Set<unknown>; readonly requests: Set<unknown> };

function note({ runs, requests }: Known, frame: Frame): void {
  const run = fields(frame.delta).run_id;
  if (run !== undefined) runs.add(run);
  if (frame.type === 'control_request') requests.add(frame.request_id);
}

const queuedIn = (frame: Frame) => (frame.type === 'update_queue' ? list(frame.queue).map(fields) : []);

function nth(theirs: ReadonlySet<unknown>, ours: ReadonlySet<unknown>, id: unknown): unknown {
  return [...ours][[...theirs].indexOf(id)] ?? id;
}
