import type { Clock, Timer } from '../../link/clock.ts';
import {
  type ErrorCode,
  errorTable,
  type Failure,
  failure,
  isErrorCode,
  passes,
} from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { commandSpec } from '../../protocol/routing.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import type { Parked } from '../store/inbox.ts';
import type { Settling } from './settling.ts';

const mark = 'inbox:';
/** The `request_id` of a command out of the inbox: no session's stamp begins so. */
export const deliveryId = (position: number): string => `${mark}${position}`;
export const isDelivery = (requestId: unknown): requestId is string =>
  typeof requestId === 'string' && requestId.startsWith(mark);

/** What a device answered to a delivered entry; null for what is no answer to it. */
export function outcomeOf({ frame: { type } }: Parked, answer: Frame): 'taken' | Failure | null {
  const reply = commandSpec(type)?.reply;
  if (answer.type === 'error') return failure(codeOf(answer.code, 'internal'), messageOf(answer.message));
  if (!reply?.flag || answer.type !== reply.type) return null;
  if (answer[reply.flag] === true) return 'taken';
  // One that says no says that it did not take it, also where it has no word of ours for why.
  return failure(codeOf(answer.error_code, 'input_invalid'), messageOf(answer.error));
}

const codeOf = (code: unknown, otherwise: ErrorCode): ErrorCode =>
  typeof code === 'string' && isErrorCode(code) ? code : otherwise;
const messageOf = (message: unknown): string =>
  typeof message === 'string' ? message : 'The device refused without a reason.';

/** An answer is due in half a minute; what has none by then is sent again, which a device that keeps a record takes once. */
const answerMs = 30_000;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

export type DeliveryOptions = {
  readonly clock: Clock;
  readonly settling: Settling;
  /** Whether the link takes more now; when it does again, `pump` is called. */
  ready(): boolean;
  send(frame: Frame): void;
  /** The store failed when nobody asked. */
  failed(error: unknown): void;
};

/**
 * [IN-4] Hands what waited to a device that keeps a record of what it took: in order within a conversation, the next one when the one
 * before is answered; again and again under the same position until it is.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** By scope, oldest first; the first of each is on its way. */
  readonly #lines = new Map<string, Parked[]>();
  readonly #due = new Set<Parked>();
  readonly #away = new Map<
    number,
    {
      readonly entry: Parked;
      readonly timer: Timer;
      readonly tries: number;
      /** The device may have had it before it was sent this time. */
      readonly doubted: boolean;
    }
  >();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Whether something of that conversation has not been taken yet. */
  waits(scope: Scope): boolean {
    return this.#lines.has(scopeKey(scope));
  }

  add(entry: Parked): void {
    const key = scopeKey(entry.scope);
    const line = this.#lines.get(key);
    if (line) {
      line.push(entry);
      return;
    }
    this.#lines.set(key, [entry]);
    this.#due.add(entry);
    this.pump();
  }

  /** Sends what is due until the link takes no more. */
  pump(): void {
    const { ready } = this.#options;
    for (const entry of this.#due) {
      if (!ready()) return;
      this.#due.delete(entry);
      this.#send(entry, 0);
    }
  }

  /** What the device said to a `request_id` that `isDelivery`. */
  answer(frame: Frame): void {
    const position = Number(String(frame.request_id).slice(mark.length));
    const sent = this.#away.get(position);
    const outcome = sent && outcomeOf(sent.entry, frame);
    if (!sent || !outcome) return;
    const { entry, tries, doubted } = sent;
    // One that is refused was not taken this time.
    if (!doubted) this.#options.settling.doubtful.delete(position);
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** tries);
    if (outcome !== 'taken' && passes(outcome.code)) return this.#again(entry, tries, pause, doubted);
    this.#settle(entry, outcome);
    this.#leave(entry);
  }

  /** Asks what became of the inputs that the device has taken unheard. */
  ask(): void {
    for (const question of this.#options.settling.questions()) this.#options.send(question);
  }

  stop(): void {
    for (const { timer } of this.#away.values()) timer.cancel();
    this.#away.clear();
    this.#due.clear();
    this.#lines.clear();
  }

  #settle(entry: Parked, outcome: 'taken' | Failure): void {
    const { settling } = this.#options;
    if (outcome === 'taken') settling.taken(entry);
    else if (errorTable[outcome.code].retry !== 'unknown') settling.end(entry, 'rejected', outcome.code);
    else {
      settling.takenUnheard(entry);
      this.ask();
    }
  }

  #send(entry: Parked, tries: number): void {
    const { clock, settling, send, failed } = this.#options;
    if (entry.expiresAt <= clock.now()) return this.#expire(entry);
    const { position, frame, inputId } = entry;
    this.#again(entry, tries, answerMs, settling.doubtful.has(position));
    try {
      settling.sent(position);
    } catch (error) {
      return failed(error);
    }
    send({ ...frame, request_id: deliveryId(position), inbox: position, input_id: inputId });
  }

  #expire(entry: Parked): void {
    try {
      this.#options.settling.tooLate(entry);
    } catch (error) {
      this.#options.failed(error);
    }
    this.#leave(entry);
  }

  /** It is sent once more after a pause, unless it is answered before. */
  #again(entry: Parked, tries: number, pause: number, doubted: boolean): void {
    this.#away.get(entry.position)?.timer.cancel();
    const timer = this.#options.clock.after(pause, () => this.#send(entry, tries + 1));
    this.#away.set(entry.position, { entry, timer, tries, doubted });
  }

  #leave(entry: Parked): void {
    this.#away.get(entry.position)?.timer.cancel();
    this.#away.delete(entry.position);
    const key = scopeKey(entry.scope);
    const line = this.#lines.get(key) ?? [];
    line.shift();
    const [next] = line;
    if (!next) {
      this.#lines.delete(key);
      return;
    }
    this.#due.add(next);
    this.pump();
  }
}
