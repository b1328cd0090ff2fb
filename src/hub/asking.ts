import type { Clock } from '../link/clock.ts';
import { type Failure, failure } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Principal } from '../protocol/privileges.ts';
import { failedReply } from '../protocol/reply.ts';
import { commandSpec, type Route, routeOf } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import { notAllowed, withoutClaims } from './admission.ts';
import { Beginnings, begins } from './follows.ts';
import { InFlight } from './in-flight.ts';
import { offersTools } from './offers.ts';
import { narrowed, type Reach, reaches } from './reach.ts';
import { stamp } from './stamp.ts';
import type { Telling } from './telling.ts';
import { readAsked } from './verdict.ts';
import { privilegeOf } from './view.ts';

/** Commands without an answer, and scopes with their syncs, that one client may make the hub remember. */
const MAX_REMEMBERED = 10_000;

/** The session that asks. */
export interface Asker {
  readonly id: string;
  readonly principal: Principal;
  readonly reach: Reach | undefined;
  readonly telling: Telling;
  toDevice(frame: Frame): void;
}

/** The commands of one client that the device works, from the asking to the one answer. */
export class Asking {
  readonly #asker: Asker;
  readonly #inFlight: InFlight;
  readonly #beginnings = new Beginnings();
  #isUsed = false;
  #offersTools = false;

  constructor(asker: Asker, clock: Clock) {
    this.#asker = asker;
    this.#inFlight = new InFlight(clock);
  }

  /** Whether any command was taken on. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** [TOOL-6] Tools are offered for as long as their client is there. */
  end(): void {
    this.#inFlight.clear();
    const { id, principal } = this.#asker;
    if (!this.#offersTools) return;
    this.#asker.toDevice({
      type: 'client_gone',
      request_id: stamp({ session: id, requestId: undefined }),
      auth: principal,
    });
  }

  /** Takes a command on to the device, or says why not. */
  ask(
    frame: Frame,
    requestId: string | undefined,
    scope: Scope | null,
    route: Route & { kind: 'command' },
  ): void {
    const refusal = notAllowed(this.#asker, frame, scope) ?? this.#tooMuch();
    if (refusal) return this.refuse(frame, requestId, refusal);
    const { id, principal, telling } = this.#asker;
    this.#isUsed = true;
    this.#offersTools ||= offersTools(frame);
    if (route.replyType !== null) {
      const deadline = (): void => this.#expire(frame, requestId, route.deadlineMs);
      this.#inFlight.add(requestId, route.replyType, route.deadlineMs, deadline);
    }
    if (begins(route.replyType)) this.#beginnings.note(requestId);
    const cursor = frame.type === 'sync' ? readAsked(frame) : null;
    if (scope && cursor) telling.sync(scope, requestId, cursor);
    else if (scope) telling.follow(scope);
    const bound = scope ? telling.shown.bind(scopeKey(scope), frame) : frame;
    const stamped = { request_id: stamp({ session: id, requestId }), auth: principal };
    this.#asker.toDevice({ ...withoutClaims(bound), ...stamped });
  }

  refuse(frame: Frame, requestId: string | undefined, why: Failure): void {
    const { runtime } = frame;
    const reply = failedReply(frame.type, requestId, why, runtime === undefined ? {} : { runtime });
    this.#asker.telling.tell(reply, requestId !== undefined);
  }

  /** What the device says to one command; `frame` bears the client's own `request_id`. */
  answer(requestId: string | undefined, frame: Frame): void {
    const { telling, reach } = this.#asker;
    const route = routeOf(frame.type);
    const asked = requestId !== undefined;
    if (route?.kind !== 'reply') {
      if (frame.type === 'error') this.#inFlight.settle(requestId);
      if (this.#isWithin(frame)) telling.tell(frame, asked);
      return;
    }
    // [ERR-1] A reply that comes after its deadline was already given.
    if (!this.#inFlight.awaits(requestId, frame.type)) return;
    const last = !commandSpec(route.command)?.chunked || frame.done === true;
    if (last) this.#inFlight.settle(requestId, frame.type);
    const scope = scopeOf(frame.runtime);
    if (route.command === 'sync') return telling.feed.answer(scope && scopeKey(scope), requestId, frame);
    const told = narrowed(reach, frame);
    if (!told) {
      const why = failure('forbidden', 'This belongs to an agent that your token does not name.');
      return telling.tell(failedReply(route.command, requestId, why), asked);
    }
    telling.tell(told, asked);
    if (scope && begins(frame.type) && frame.success === true) telling.follow(scope);
  }

  /** A snapshot for the sync of that `request_id`, or for the command of that id that began something. */
  snapshot(key: string, requestId: string | undefined, frame: Frame): void {
    const { telling } = this.#asker;
    if (!telling.may(privilegeOf(frame.type))) return;
    if (!telling.feed.snapshot(key, requestId, frame)) this.begun(requestId, frame);
  }

  /** A snapshot that belongs to the command of that id, if that began something: no sync waits for it, and it is told as it comes. */
  begun(requestId: string | undefined, frame: Frame): void {
    if (this.#beginnings.has(requestId) && this.#isWithin(frame)) this.#asker.telling.tell(frame, true);
  }

  /** What it took hold of has something to say. */
  hold(frame: Frame): void {
    const { telling } = this.#asker;
    if (telling.may(privilegeOf(frame.type)) && this.#isWithin(frame)) telling.tell(frame, true);
  }

  #isWithin({ runtime }: Frame): boolean {
    const scope = scopeOf(runtime);
    return !scope || reaches(this.#asker.reach, scope.agent_id);
  }

  #tooMuch(): Failure | null {
    if (this.#inFlight.size < MAX_REMEMBERED && this.#asker.telling.feed.size < MAX_REMEMBERED) return null;
    const why = `This connection has ${MAX_REMEMBERED} commands or conversations open. Wait for answers, or connect again.`;
    return failure('queue_full', why);
  }

  #expire(frame: Frame, requestId: string | undefined, ms: number): void {
    if (frame.type === 'sync') this.#asker.telling.feed.forget(requestId);
    const why = `The device has not answered "${frame.type}" for ${ms / 1000} s. It may have happened: look before asking again.`;
    this.refuse(frame, requestId, failure('deadline', why));
  }
}
