import type { Clock } from '../../link/clock.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { routeOf } from '../../protocol/routing.ts';
import type { Scope } from '../../protocol/shapes.ts';
import { StoreError } from '../../sqlite/store-error.ts';
import type { Inbox, Parked } from '../store/inbox.ts';
import {
  answerAway,
  type Known,
  knownMessage,
  lost,
  queued,
  receipt,
  refusal,
  type Verdict,
} from './away.ts';
import { Delivery, isDelivery } from './delivery.ts';
import { Expiry } from './expiry.ts';
import { Handover } from './handover.ts';
import type { Hello } from './handshake.ts';
import { Held } from './held.ts';
import { InHand, type Relayed } from './in-hand.ts';
import type { Asking } from './latest.ts';
import type { LinkSession } from './link-session.ts';
import { outgoing } from './outgoing.ts';
import { identify, type Parking, parkedReceipt, scopeIn } from './parking.ts';
import { Settling } from './settling.ts';
import type { View } from './snapshot.ts';
import { takeBack } from './take-back.ts';

export type DeskOptions = {
  readonly inbox: Inbox;
  readonly clock: Clock;
  mint(): string;
  view(scope: Scope): View;
  /** The tool requests that waited when the device was last heard. */
  asking(): readonly Asking[];
  /** To the hub, as if the device said it. */
  say(frame: Frame): void;
  /** What waits here for a conversation has changed. */
  queueChanged(scope: Scope): void;
  trouble(what: string, error: unknown): void;
};

const unkept = 'what waits for the device could not be kept';
/** A device that does not read, or answers nothing, is treated as one that is away. */
const most = { unsent: 64 * 1024 * 1024, inHand: 10_000 } as const;

/** What clients ask of a device that may be there, away, or lost in between. Every command gets its one answer (ERR-1, ERR-3). */
export class Desk {
  readonly #options: DeskOptions;
  readonly #known: Known;
  readonly #settling: Settling;
  readonly #inHand = new InHand();
  readonly #held = new Held();
  readonly #expiry: Expiry;
  #holding = false;
  #link: LinkSession | null = null;
  #out: Delivery | Handover | null = null;

  constructor(options: DeskOptions) {
    const { inbox, clock, say, view, queueChanged, trouble } = options;
    this.#options = options;
    this.#settling = new Settling({ inbox, clock, say, left: queueChanged });
    this.#expiry = new Expiry({
      inbox,
      clock,
      idle: () => !this.#link && !this.#holding,
      tooLate: (entry) => this.#settling.tooLate(entry),
      failed: (error) => trouble(unkept, error),
    });
    this.#known = {
      view,
      asking: () =>
        options.asking().filter(({ runtime, request_id }) => !this.#isDecided(runtime, request_id)),
      message(scope, key) {
        const parked = inbox.find(scope, key);
        return parked?.kind === 'message' ? parked : inbox.fate(scope, key);
      },
      passed: (scope, key) => inbox.passed(scope, key),
    };
    this.#guarded(() => {
      for (const entry of inbox.all()) {
        if (entry.state === 'sent') this.#settling.doubtful.add(entry.position);
        // [IN-5] The link that they were written to ended with the process before.
        if (entry.state === 'written') this.#settling.end(entry, 'indeterminate', 'device_lost');
      }
    });
    this.#expiry.check();
  }

  /** A stamped command of a client. */
  toDevice(frame: Frame): void {
    try {
      const isAway = !this.#link && !this.#holding;
      if (isAway && takeBack(frame, { ...this.#options, settling: this.#settling })) return;
      if (this.#holding) this.#hold(frame);
      else if (this.#link && !this.#choked(this.#link)) this.#relay(this.#link, frame);
      else this.#answerHere(frame);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#options.say(refusal(frame, failure(error.code, error.message)));
    }
  }

  /** A device is being greeted: what it is asked meanwhile waits for its hello. */
  hold(): void {
    this.#holding = true;
  }

  /** The device is there; `hello` null: it keeps no record of what it takes. First goes what waited longest. */
  serve(link: LinkSession, hello: Hello | null): void {
    this.#link = link;
    this.#expiry.stop();
    const entries = this.#options.inbox.all();
    const isTaken = ({ position }: Parked): boolean => hello?.consumed.has(position) ?? false;
    for (const entry of entries) if (isTaken(entry)) this.#settling.takenUnheard(entry);
    const out = outgoing(link, hello !== null, this.#options, this.#settling);
    this.#out = out;
    for (const entry of entries) if (!isTaken(entry)) out.add(entry);
    if (out instanceof Delivery) out.ask();
    this.#release();
  }

  /** Whether something of a conversation waits here although its device is there. */
  waits(scope: Scope): boolean {
    return this.#out instanceof Delivery && this.#out.waits(scope);
  }

  /** The link takes more. */
  pump(): void {
    this.#out?.pump();
  }

  /** What a device says to a `request_id`. False when it was for the station itself. */
  settle(frame: Frame): boolean {
    const { request_id: requestId, type } = frame;
    if (isDelivery(requestId)) {
      const answers = type === 'error' || routeOf(type)?.kind === 'reply';
      if (answers) this.#out?.answer(frame);
      return !answers;
    }
    if (this.#settling.asked(frame)) {
      this.#settling.answer(frame);
      return false;
    }
    this.#inHand.settle(frame);
    return true;
  }

  /** [ERR-3] The link is gone, or was never finished: whatever has no answer is answered or parked now. */
  lose(): void {
    const recorded = this.#out instanceof Delivery;
    const out = this.#out;
    this.#link = null;
    this.#out = null;
    if (out instanceof Delivery) out.stop();
    if (out instanceof Handover) this.#loseHandover(out);
    for (const relayed of this.#inHand.take(this.#options.clock.now())) this.#loseRelayed(relayed, recorded);
    this.#release();
    this.#expiry.check();
  }

  close(): void {
    this.#expiry.stop();
  }

  #relay(link: LinkSession, frame: Frame): void {
    const scope = scopeIn(frame);
    if (scope && frame.type === 'input' && this.#message(link, frame, scope)) return;
    const here = scope && frame.type === 'input_receipt_get' ? receipt(frame, scope, this.#known) : null;
    if (here) this.#give(frame, here);
    else this.#send(link, frame);
  }

  #send(link: LinkSession, frame: Frame): void {
    // Before it is sent: a dialect may answer at once.
    this.#inHand.add(frame, this.#options.clock.now());
    link.send(frame);
  }

  /** False for what is no message: the device says what it is. */
  #message(link: LinkSession, frame: Frame, scope: Scope): boolean {
    const identified = identify(frame, this.#options.mint);
    if (!identified) return false;
    const before = knownMessage(frame, scope, identified, this.#known);
    if (before) this.#give(frame, before);
    else if (this.#out instanceof Handover) this.#handOver(this.#out, identified.frame);
    // What waits in its conversation goes first.
    else if (this.waits(scope)) this.#answerHere(identified.frame);
    else {
      this.#options.inbox.pass(scope, identified.key, identified.hash, this.#options.clock.now());
      this.#send(link, identified.frame);
    }
    return true;
  }

  /** [IN-5] Durable before it is written, so that no restart of the broker writes it twice. */
  #handOver(out: Handover, frame: Frame): void {
    const { inbox, say } = this.#options;
    const verdict = answerAway(frame, this.#known);
    if (verdict.do === 'answer') return this.#give(frame, verdict);
    const parked = inbox.put(verdict.entry);
    if ('code' in parked) say(refusal(frame, parked));
    else out.add(parked, frame);
  }

  #hold(frame: Frame): void {
    if (!this.#held.add(frame)) this.#release();
  }

  /** What was held goes its way, in order. */
  #release(): void {
    this.#holding = false;
    for (const frame of this.#held.take()) this.toDevice(frame);
  }

  /** A decision of it waits for the device. */
  #isDecided(scope: Scope, requestId: string): boolean {
    return this.#options.inbox.of(scope).some(({ kind, key }) => kind === 'decision' && key === requestId);
  }

  #answerHere(frame: Frame): void {
    this.#give(frame, answerAway(frame, this.#known));
  }

  #give(frame: Frame, verdict: Verdict): void {
    const { say } = this.#options;
    if (verdict.do === 'answer') {
      for (const one of verdict.frames) say(one);
      return;
    }
    const parked = this.#park(verdict.entry, verdict.reply);
    if ('code' in parked) say(refusal(frame, parked));
  }

  /** [IN-4] Durable first; then the reply and the receipt. */
  #park(entry: Parking, reply: Frame): Parked | Failure {
    const { inbox } = this.#options;
    const parked = inbox.put(entry);
    if ('code' in parked) return parked;
    // [IN-3] It went on to the device before, which may have it.
    if (parked.kind === 'message' && parked.key !== null && inbox.passed(parked.scope, parked.key) !== null)
      this.#settling.sent(parked.position);
    this.#options.say(reply);
    this.#tellParked(parked);
    this.#out?.add(parked);
    this.#expiry.await(parked.expiresAt);
    return parked;
  }

  #tellParked(parked: Parked): void {
    if (parked.kind !== 'message') return;
    this.#options.say(parkedReceipt(parked));
    this.#options.queueChanged(parked.scope);
  }

  #loseRelayed({ frame, at }: Relayed, recorded: boolean): void {
    const { say } = this.#options;
    const route = routeOf(frame.type);
    if (route?.kind === 'command' && route.privilege === 'observe') return this.toDevice(frame);
    this.#guarded(() => {
      // [ABT-4] It was given when it was sent, not when the link was lost.
      const given = frame.type === 'abort_message' ? { as_of: at, ...frame } : frame;
      const parkable = recorded && route?.kind === 'command' && route.parkable;
      const verdict = parkable ? answerAway(given, this.#known) : null;
      // The same was in hand twice, or is parked already.
      if (verdict?.do === 'answer' && verdict.frames[0]?.accepted === true) return this.#give(frame, verdict);
      const parked = verdict?.do === 'park' ? this.#park(verdict.entry, verdict.reply) : null;
      if (!parked || 'code' in parked) return say(refusal(frame, lost));
      this.#settling.sent(parked.position);
    }, frame);
  }

  #loseHandover(out: Handover): void {
    const { say } = this.#options;
    const { written, unsent } = out.stop();
    for (const { entry, asked } of written) {
      this.#guarded(() => this.#settling.end(entry, 'indeterminate', lost.code));
      if (asked) say(refusal(asked, lost));
    }
    for (const { entry, asked } of unsent) {
      if (!asked) continue;
      say(queued(asked));
      this.#tellParked(entry);
    }
  }

  #choked(link: LinkSession): boolean {
    const { size, bytes } = this.#inHand;
    return link.link.pipe.unsent > most.unsent || size > most.inHand || bytes > most.unsent;
  }

  /** What a store cannot do when nobody waits for an answer; `asked`: the command of somebody who does. */
  #guarded(run: () => void, asked?: Frame): void {
    try {
      run();
    } catch (error) {
      this.#options.trouble(unkept, error);
      if (asked) this.#options.say(refusal(asked, lost));
    }
  }
}
