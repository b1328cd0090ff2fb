import type { Clock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import type { Frame } from '../protocol/frames.ts';
import { routeOf } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import type { EventLog } from './event-log.ts';
import { type Client, ClientSession } from './session.ts';
import { newSessionId, readStamp } from './stamp.ts';

export type HubOptions = {
  /** Takes a stamped command on to the device. */
  toDevice(frame: Frame): void;
  readonly log: EventLog;
  readonly clock: Clock;
  /** Of this program; told in `hello`. */
  readonly version: string;
};

/** Attaches clients to one device. */
export type Hub = {
  /** Starts a client's session; it ends with the pipe. */
  accept(pipe: Pipe, client: Client): void;
  /** Whatever the device says; `text` is the frame as it came. */
  hear(frame: Frame, text: string): void;
  /** Ends every session. */
  close(code: number, reason: string): void;
};

export function createHub({ toDevice, log, clock, version }: HubOptions): Hub {
  const sessions = new Map<string, ClientSession>();
  const hearingAll = new Set<ClientSession>();
  const followers = new Map<string, Set<ClientSession>>();

  function accept(pipe: Pipe, client: Client): void {
    const id = newSessionId();
    const session: ClientSession = new ClientSession({
      ...client,
      id,
      pipe,
      log,
      clock,
      version,
      toDevice,
      followed: (key) => followersOf(key).add(session),
      gone: () => forget(id, session),
    });
    sessions.set(id, session);
    if (client.hears === 'all' && session.observes) hearingAll.add(session);
  }

  function followersOf(key: string): Set<ClientSession> {
    const known = followers.get(key);
    if (known) return known;
    const fresh = new Set<ClientSession>();
    followers.set(key, fresh);
    return fresh;
  }

  function forget(id: string, session: ClientSession): void {
    sessions.delete(id);
    hearingAll.delete(session);
    for (const key of session.followedKeys) {
      const left = followers.get(key);
      left?.delete(session);
      if (left?.size === 0) followers.delete(key);
    }
  }

  /** Those who hear of a scope, each once. */
  function* audience(key: string): Generator<ClientSession> {
    yield* hearingAll;
    for (const session of followers.get(key) ?? []) if (!hearingAll.has(session)) yield session;
  }

  /** Every frame has an address, and what has none goes to nobody. */
  function route(frame: Frame, text: string): void {
    const scope = scopeOf(frame.runtime);
    const key = scope && scopeKey(scope);
    if (key !== null && frame.snapshot === true) return snapshot(frame, text, key);
    if (scope && key !== null && typeof frame.event_seq === 'number') {
      return event(frame, text, frame.event_seq, scope, key);
    }
    const to = readStamp(frame.request_id);
    if (to) return sessions.get(to.session)?.answer(to.requestId, addressed(frame, to.requestId));
    const known = routeOf(frame.type);
    if (key !== null && known?.kind === 'push' && known.audience === 'scope') {
      for (const session of audience(key)) session.tell(frame, true, text);
    }
  }

  function event(frame: Frame, text: string, seq: number, scope: Scope, key: string): void {
    for (const session of audience(key)) session.event(key, scope, seq, text, frame);
  }

  function snapshot(frame: Frame, text: string, key: string): void {
    // A tool request's `request_id` is its own, so it cannot name the asker: whoever syncs the scope now gets it.
    if (frame.type === 'control_request') {
      for (const session of followers.get(key) ?? []) session.sharedSnapshot(key, frame);
      return;
    }
    const to = readStamp(frame.request_id);
    if (to) return sessions.get(to.session)?.snapshot(key, to.requestId, addressed(frame, undefined));
    for (const session of audience(key)) session.restated(key, frame, text);
  }

  return {
    accept,
    hear: route,
    close(code, reason) {
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
