import type { Clock, Timer } from '../link/clock.ts';
import { errorTable, type Failure, failure, passes } from '../protocol/errors.ts';
import type { Frame, PushBody } from '../protocol/frames.ts';
import { isSettled, scopeKey } from '../protocol/shapes.ts';
import { checkPush } from '../protocol/validate.ts';
import type { Calls } from './calls.ts';
import { cannotTell, type Fate, isTaken, movesOn, refusal } from './fate.ts';
import { type Outbox, type Outgoing, outgoingKey } from './outbox.ts';

/** `ok` false: it was refused or could not be kept. What failed in its turn is `ok` with `state: 'failed'`. */
export type SendResult =
  | { readonly ok: true; readonly fate: Fate }
  | { readonly ok: false; readonly failure: Failure };

/** `accepted`: the device has it, or a broker keeps it for the device (`parked`). `settled`: its turn has ended. */
export type Until = 'accepted' | 'settled';

const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 30_000;

type Entry = {
  readonly outgoing: Outgoing;
  readonly waiters: { readonly until: Until; readonly resolve: (result: SendResult) => void }[];
  fate: Fate | null;
  /** The other side has said that it took the message, in whatever way. */
  answered: boolean;
  /** The outbox has it. */
  kept: boolean;
  /** Its device has it, or nobody ever will: the outbox need not keep it (IN-6). */
  taken: boolean;
  /** A command about it is under way. */
  asking: boolean;
  attempts: number;
  timer: Timer | undefined;
};

export type SendingOptions = {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** Whether the other side tells what becomes of a message. */
  tellsReceipts(): boolean;
  /** The outbox failed where no caller waits for it. */
  trouble(failure: Failure): void;
};

/** Messages that are sent until their device has them, however often the connection is lost (IN-1, IN-6). */
export class Sending {
  readonly #options: SendingOptions;
  readonly #entries = new Map<string, Entry>();
  #online = false;
  #closed: Failure | null = null;

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier client left. */
  async resume(): Promise<void> {
    try {
      for (const outgoing of await this.#options.outbox.all()) this.#keep(this.#entryOf(outgoing));
    } catch (error) {
      this.#options.trouble(outboxFailed(error));
    }
  }

  async send(outgoing: Outgoing, until: Until): Promise<SendResult> {
    if (this.#closed) return { ok: false, failure: this.#closed };
    const known = this.#entries.get(outgoingKey(outgoing));
    if (known && JSON.stringify(known.outgoing.messages) !== JSON.stringify(outgoing.messages)) {
      const why = `Another message is on its way as ${outgoing.client_message_id}. Send this one under a new id.`;
      return { ok: false, failure: failure('idempotency_conflict', why) };
    }
    const entry = this.#entryOf(outgoing);
    const result = new Promise<SendResult>((resolve) => entry.waiters.push({ until, resolve }));
    if (known) this.#resolve(entry);
    else {
      try {
        await this.#options.outbox.put(outgoing);
        this.#keep(entry);
      } catch (error) {
        this.#fail(entry, outboxFailed(error));
      }
    }
    return result;
  }

  /** There is a connection: what has not been answered is sent, what has not been settled is asked about. */
  up(): void {
    this.#online = true;
    for (const entry of this.#entries.values()) {
      entry.timer?.cancel();
      entry.attempts = 0;
      this.#transmit(entry);
    }
  }

  down(): void {
    this.#online = false;
  }

  /** The device is back: it may have taken what it had not, and its broker may have lost what it kept. */
  deviceUp(): void {
    for (const entry of this.#entries.values()) {
      entry.timer?.cancel();
      this.#transmit(entry);
    }
  }

  /** A receipt of any message; those of other clients are passed over. */
  hear(frame: Frame): void {
    const checked = checkPush(frame);
    if (!checked.ok) return this.#options.trouble(checked.failure);
    this.#note(frame as Frame & PushBody<'input_receipt'>);
  }

  /** `why`: what whoever waits is told, other than that the client was closed. */
  close(
    why = failure('unreachable', 'The client was closed. What it had not delivered stays in its outbox.'),
  ): void {
    this.#closed = why;
    for (const { timer, waiters } of this.#entries.values()) {
      timer?.cancel();
      for (const { resolve } of waiters) resolve({ ok: false, failure: why });
    }
    this.#entries.clear();
  }

  #entryOf(outgoing: Outgoing): Entry {
    const key = outgoingKey(outgoing);
    const known = this.#entries.get(key);
    if (known) return known;
    const entry: Entry = {
      outgoing,
      waiters: [],
      fate: null,
      answered: false,
      kept: false,
      taken: false,
      asking: false,
      attempts: 0,
      timer: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #note({ runtime, client_message_id, ...told }: PushBody<'input_receipt'>): void {
    const { state, authority, turn_id, code } = told;
    const entry = this.#entries.get(`${scopeKey(runtime)} ${client_message_id}`);
    if (!entry) return;
    if (state === 'rejected') {
      // Of this message the reply, which comes next, says it in words; else it is about another one under the same id.
      if (!entry.asking && code !== 'idempotency_conflict') this.#fail(entry, refusal(code));
      return;
    }
    // Receipts are told again, and may overtake each other: a fate only moves on (IN-3).
    if (entry.fate && !movesOn(entry.fate.state, state)) return;
    const fate = {
      client_message_id,
      state,
      authority,
      ...(turn_id !== undefined && { turn_id }),
      ...(code !== undefined && { code }),
    };
    this.#accept(entry, fate);
  }

  #keep(entry: Entry): void {
    entry.kept = true;
    this.#transmit(entry);
  }

  #transmit(entry: Entry): void {
    if (!this.#online || !entry.kept || entry.asking || this.#closed) return;
    entry.asking = true;
    if (entry.answered) this.#ask(entry);
    else this.#input(entry);
  }

  #input(entry: Entry): void {
    const { scope, messages } = entry.outgoing;
    const payload = {
      kind: 'create_message' as const,
      messages: messages.map((message) => ({ ...message })),
    };
    this.#options.calls.start('input', { runtime: { ...scope }, payload }, (result) => {
      entry.asking = false;
      if (!result.ok) return this.#again(entry, result.failure);
      entry.answered = true;
      if (entry.fate) return;
      if (!this.#options.tellsReceipts()) return this.#untold(entry);
      // The receipt says whether the device has it or a broker keeps it.
      this.#later(entry, FIRST_WAIT_MS);
    });
  }

  /** What was accepted is not sent again, only asked about: receipts may have been told while nobody listened. */
  #ask(entry: Entry): void {
    const { scope, client_message_id } = entry.outgoing;
    const args = { runtime: { ...scope }, client_message_id };
    this.#options.calls.start(
      'input_receipt_get',
      args,
      (result) => {
        entry.asking = false;
        if (!result.ok && cannotTell.has(result.failure.code)) return this.#untold(entry);
        if (!result.ok && result.failure.code !== 'input_not_found')
          return this.#again(entry, result.failure);
        if (result.ok && result.value.receipt) return this.#told(entry, result.value.receipt);
        // It was accepted and is gone: that disk has lost it, this side has not.
        entry.fate = null;
        entry.answered = false;
        this.#again(entry, failure('unreachable', `${client_message_id} is no longer known there.`));
      },
      { once: true },
    );
  }

  /** Taken, as far as this peer will ever say. */
  #untold(entry: Entry): void {
    const { client_message_id } = entry.outgoing;
    if (entry.fate) this.#later(entry, MAX_WAIT_MS);
    else this.#accept(entry, { client_message_id, state: 'accepted', authority: 'device' });
  }

  /** A broker that keeps another message of that id knows less than was heard before: it is asked again when that may have gone. */
  #told(entry: Entry, receipt: PushBody<'input_receipt'>): void {
    this.#note(receipt);
    if (entry.fate && !movesOn(entry.fate.state, receipt.state)) this.#later(entry, MAX_WAIT_MS);
  }

  #again(entry: Entry, why: Failure): void {
    if (this.#closed) return;
    const { retry } = errorTable[why.code];
    // Nobody else has what an earlier client left, so a full disk on the other side does not end it.
    const isLeft = entry.waiters.length === 0 && passes(why.code);
    if (retry !== 'same' && retry !== 'unknown' && !isLeft) return this.#fail(entry, why);
    if (isLeft && retry === 'after' && entry.attempts === 0) this.#options.trouble(why);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** entry.attempts, MAX_WAIT_MS);
    entry.attempts++;
    this.#later(entry, wait);
  }

  #later(entry: Entry, ms: number): void {
    entry.timer?.cancel();
    entry.timer = this.#options.clock.after(ms, () => this.#transmit(entry));
  }

  #accept(entry: Entry, fate: Fate): void {
    entry.fate = fate;
    entry.answered = true;
    const taken = isTaken(fate);
    if (taken && !entry.taken) {
      entry.taken = true;
      entry.timer?.cancel();
      this.#forget(entry.outgoing);
    }
    // The device's return is told; should that be lost, this finds out.
    if (!taken) this.#later(entry, MAX_WAIT_MS);
    this.#resolve(entry);
  }

  #resolve(entry: Entry): void {
    const { fate, waiters } = entry;
    if (!fate) return;
    const settled = isSettled(fate.state);
    const left = waiters.splice(0).filter(({ until, resolve }) => {
      const due = until === 'accepted' || settled;
      if (due) resolve({ ok: true, fate });
      return !due;
    });
    waiters.push(...left);
    if (left.length === 0 && entry.taken) this.#drop(entry);
  }

  #fail(entry: Entry, why: Failure): void {
    this.#forget(entry.outgoing);
    this.#drop(entry);
    for (const { resolve } of entry.waiters) resolve({ ok: false, failure: why });
    // Of a message that an earlier client left nobody else would hear.
    if (entry.waiters.length === 0) this.#options.trouble(why);
  }

  #drop(entry: Entry): void {
    entry.timer?.cancel();
    this.#entries.delete(outgoingKey(entry.outgoing));
  }

  async #forget(outgoing: Outgoing): Promise<void> {
    try {
      await this.#options.outbox.remove(outgoing);
    } catch (error) {
      this.#options.trouble(outboxFailed(error));
    }
  }
}

const outboxFailed = (error: unknown): Failure =>
  failure('store_failed', `The outbox failed: ${error instanceof Error ? error.message : String(error)}`);
