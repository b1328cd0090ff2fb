import type { Clock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { routeOf } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import { Audiences } from './audiences.ts';
import { Broadcast } from './broadcast.ts';
import type { EventLog } from './event-log.ts';
import { Numbering } from './numbering.ts';
import { Parted } from './parted.ts';
import { Recent, type Replayed } from './recent.ts';
import { fits } from './resume-token.ts';
import { type Client, ClientSession, type Resuming, type SessionGround } from './session.ts';
import { newSessionId, readStamp, type Stamp } from './stamp.ts';
import type { Telling } from './telling.ts';
import { privilegeOf } from './view.ts';

export type HubOptions = {
  /** Takes a stamped command on to the device. */
  toDevice(frame: Frame): void;
  readonly log: EventLog;
  readonly clock: Clock;
  /** Of this program; told in `hello`. */
  readonly version: string;
  /** Whether frames bear `seq` and sessions may be gone on with (SEQ-3), as at a broker. Default false: they are the very bytes stored. */
  readonly numbered?: boolean;
  /** What a client that knows the extensions is told behind its hello, such as whether the device is there. */
  greeting?(): readonly Frame[];
  /** Bytes of frames that a numbered hub keeps for those who come back. Default `limits.ring`. */
  readonly ringBytes?: number;
};

export type HubStats = {
  /** Those with a socket, and those that may still get another one. */
  readonly sessions: number;
  readonly parted: number;
  readonly ringBytes: number;
  /** Of the sessions that acknowledge, how far the slowest is behind what it was given, in numbers. */
  readonly lag: number;
};

/** Attaches clients to one device. */
export type Hub = {
  /** Sessions that have a socket. */
  readonly sessions: number;
  /** Starts a client's session; it ends with the pipe, or goes on with another one. */
  accept(pipe: Pipe, client: Client): void;
  /** Whatever the device says; `text` is the frame as it came. */
  hear(frame: Frame, text: string): void;
  /** The log lags no longer: whoever was told more of it than it holds now has to sync again. */
  caughtUp(): void;
  /** Conversations that somebody follows. */
  followed(): Iterable<Scope>;
  stats(): HubStats;
  /** Ends every session, and that of whoever comes later. */
  close(code: number, reason: string): void;
};

export function createHub(options: HubOptions): Hub {
  const { toDevice, log, clock, version, numbered = false, ringBytes = limits.ring } = options;
  const greeting = (): readonly Frame[] => options.greeting?.() ?? [];
  const numbering = numbered ? new Numbering(ringBytes) : null;
  const sessions = new Map<string, ClientSession>();
  const parted = new Parted<ClientSession>(clock);
  const recent = new Recent();
  const audiences = new Audiences<Telling>();
  /** Whom the last snapshot that said so was for. */
  let lastAsker: (Stamp & { readonly key: string }) | null = null;
  let closed: { readonly code: number; readonly reason: string } | null = null;

  const ground: SessionGround = {
    ...{ log, recent, clock, version, numbering, toDevice, greeting, resume },
    followed: ({ telling }, key, scope) => audiences.follow(key, scope, telling),
    parted: (session) => parted.keep(session),
    gone(session) {
      sessions.delete(session.id);
      parted.take(session);
      audiences.leave(session.telling);
    },
  };

  function accept(pipe: Pipe, client: Client): void {
    if (closed) return pipe.close(closed.code, closed.reason);
    const session = new ClientSession(ground, newSessionId(), client, pipe);
    sessions.set(session.id, session);
    audiences.join(session.telling);
    session.telling.begin();
  }

  /** A token that does not fit tells nothing, not even whether there is such a session. */
  function resume(fresh: ClientSession, wanted: Resuming): boolean {
    const session = sessions.get(wanted.session);
    const isOpen = fits(wanted.token, session?.tokenDigest ?? null);
    if (!isOpen || session?.binding !== fresh.binding) return false;
    parted.take(session);
    const pipe = session.telling.wire.covers(wanted.lastSeq) ? fresh.release() : null;
    if (pipe) session.goOn(pipe, wanted);
    else session.end();
    return pipe !== null;
  }

  /** Every frame has an address, and what has none goes to nobody. */
  function hear(frame: Frame, text: string): void {
    const scope = scopeOf(frame.runtime);
    const route = routeOf(frame.type);
    if (scope && frame.snapshot === true) return snapshot(frame, text, scope);
    if (scope && typeof frame.event_seq === 'number') return event(frame, text, frame.event_seq, scope);
    if (route?.kind === 'push' && route.audience === 'holders') return toHolder(frame);
    const to = readStamp(frame.request_id);
    if (to) return sessions.get(to.session)?.asking.answer(to.requestId, addressed(frame, to.requestId));
    if (route?.kind === 'push' && route.audience === 'privilege') return toPrivileged(frame, text, scope);
    const isOfScope =
      !route || route.kind === 'event' || (route.kind === 'push' && route.audience === 'scope');
    if (!scope || !isOfScope) return;
    const key = scopeKey(scope);
    const broadcast = toScope(frame, text, key, scope, 0);
    for (const one of audiences.of(key, scope)) one.notice(broadcast);
  }

  function toScope(frame: Frame, text: string, key: string, scope: Scope, eventSeq: number): Broadcast {
    const privilege = privilegeOf(frame.type);
    return new Broadcast(frame, text, { to: 'scope', key, scope, privilege, eventSeq }, numbering);
  }

  function event(frame: Frame, text: string, seq: number, scope: Scope): void {
    const key = scopeKey(scope);
    const hearers = audiences.of(key, scope);
    if (hearers.length === 0) return;
    const broadcast = toScope(frame, text, key, scope, seq);
    const kept: Replayed = { event_seq: seq, text, numbered: null };
    recent.add(key, kept);
    for (const one of hearers) one.event(key, scope, seq, broadcast);
    kept.numbered ??= broadcast.told;
  }

  function snapshot(frame: Frame, text: string, scope: Scope): void {
    const key = scopeKey(scope);
    // A tool request's `request_id` is its own, so it cannot name the asker: whoever syncs the scope now gets it, or has just begun there.
    if (frame.type === 'control_request') {
      for (const { feed } of audiences.followers(key)) feed.sharedSnapshot(key, frame);
      if (lastAsker?.key === key) sessions.get(lastAsker.session)?.asking.begun(lastAsker.requestId, frame);
      return;
    }
    const to = readStamp(frame.request_id);
    if (to) {
      lastAsker = { ...to, key };
      return sessions.get(to.session)?.asking.snapshot(key, to.requestId, addressed(frame, undefined));
    }
    const reflected = typeof frame.event_seq === 'number' ? frame.event_seq : Number.POSITIVE_INFINITY;
    const broadcast = toScope(frame, text, key, scope, reflected);
    for (const one of audiences.of(key, scope)) one.restated(key, broadcast);
  }

  /** Who took hold of a thing hears of it, under the thing's own `request_id`. */
  function toHolder({ holder, ...frame }: Frame): void {
    const to = readStamp(holder);
    if (to) sessions.get(to.session)?.asking.hold(frame as Frame);
  }

  function toPrivileged(frame: Frame, text: string, scope: Scope | null): void {
    const agentId = scope ? scope.agent_id : frame.agent_id;
    const address = { to: 'privilege', privilege: privilegeOf(frame.type), agentId } as const;
    const broadcast = new Broadcast(frame, text, address, numbering);
    for (const { telling } of sessions.values()) telling.notice(broadcast);
  }

  return {
    get sessions() {
      return sessions.size - parted.size;
    },
    accept,
    hear,
    caughtUp() {
      for (const { telling } of [...sessions.values()]) telling.feed.caughtUp();
    },
    followed: () => audiences.followed(),
    stats: () => ({
      sessions: sessions.size - parted.size,
      parted: parted.size,
      ringBytes: numbering?.ring.bytes ?? 0,
      lag: [...sessions.values()].reduce((most, { telling }) => Math.max(most, telling.wire.lag ?? 0), 0),
    }),
    close(code, reason) {
      closed = { code, reason };
      for (const session of [...sessions.values()]) session.close(code, reason);
    },
  };
}

/** Only a reply keeps a `request_id`: a client that waits for it by that id alone must not take another frame for it. */
function addressed(frame: Frame, requestId: string | undefined): Frame {
  const { request_id: _, ...rest } = frame;
  const keeps = requestId !== undefined && !isTold(frame);
  return keeps ? { ...frame, request_id: requestId } : (rest as Frame);
}

/** Events and notices, which a device may say to one asker alone. */
function isTold({ type }: Frame): boolean {
  const known = routeOf(type);
  return known?.kind === 'event' || (known?.kind === 'push' && known.audience !== 'asker');
}
