import type { ErrorCode } from '../protocol/errors.ts';
import { failure } from '../protocol/errors.ts';
import type { LoopStatusName } from '../protocol/shapes.ts';
import { apply } from './apply.ts';
import type { Fact, QueuedInput } from './facts.ts';
import type { Env, Receipt, ReceiptState, Say } from './messages.ts';
import type { State } from './state.ts';
import { deviceStatus, loopStatus, queueSnapshot } from './status.ts';

/** A step in the making: each fact is applied at once, so what is said next speaks of the state as it then is. */
export class Draft {
  state: State;
  readonly env: Env;
  readonly facts: Fact[] = [];
  readonly says: Say[] = [];
  readonly #minted = new Map<string, number>();

  constructor(state: State, env: Env) {
    this.state = state;
    this.env = env;
  }

  /** An id of this step: the prefix and its ULID, numbered from the second one on. */
  mint(prefix: string): string {
    const n = (this.#minted.get(prefix) ?? 0) + 1;
    this.#minted.set(prefix, n);
    return n === 1 ? `${prefix}-${this.env.id}` : `${prefix}-${this.env.id}-${n}`;
  }

  fact(fact: Fact): void {
    this.facts.push(fact);
    this.state = apply(this.state, fact);
  }

  event(type: string, body: Readonly<Record<string, unknown>>): void {
    this.says.push({ say: 'event', type, body });
  }

  delta(delta: Readonly<Record<string, unknown>>): void {
    this.event('stream_delta', { delta });
  }

  /** A delta about the turn rather than of the model: it has an id and a date of its own. */
  lifecycle(messageType: string, fields: Readonly<Record<string, unknown>>): void {
    this.delta({ id: this.mint('lifecycle'), date: this.date(), message_type: messageType, ...fields });
  }

  date(): string {
    return new Date(this.env.at).toISOString();
  }

  /** `moment` names what the state passes through within this step; `state` is told instead of the present one. */
  loop(moment?: LoopStatusName, state = this.state): void {
    this.event('update_loop_status', { loop_status: loopStatus(state, moment) });
  }

  device(state = this.state): void {
    this.event('update_device_status', { device_status: deviceStatus(state, this.env.device) });
  }

  queue(removed: readonly QueuedInput[] = [], disposition: 'dequeued' | 'cancelled' = 'dequeued'): void {
    const gone = removed.map((item) => ({ client_message_id: item.client_message_id, disposition }));
    this.event('update_queue', { queue: queueSnapshot(this.state), removed: gone });
  }

  accept(fields: Readonly<Record<string, unknown>>): void {
    this.says.push({ say: 'answer', answer: { ok: true, fields } });
  }

  refuse(code: ErrorCode, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.says.push({ say: 'answer', answer: { ok: false, failure: failure(code, message), fields } });
  }

  aside(type: string, body: Readonly<Record<string, unknown>>): void {
    this.says.push({ say: 'aside', type, body });
  }

  receipt(
    item: QueuedInput,
    state: ReceiptState,
    more: { turn_id?: string | null; code?: string | null; hash?: string } = {},
  ): void {
    const receipt: Receipt = {
      client_message_id: item.client_message_id,
      input_id: item.input_id,
      state,
      turn_id: more.turn_id ?? null,
      code: more.code ?? null,
      hash: more.hash ?? null,
    };
    this.says.push({ say: 'receipt', receipt, known: false });
  }
}
