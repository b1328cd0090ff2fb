import { createHub, type Hub } from '../../hub/hub.ts';
import type { Clock } from '../../link/clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Mirror } from '../store/mirror.ts';
import type { Observed } from '../store/registry.ts';
import { deviceDialect } from './choose-device-dialect.ts';
import { isDelivery } from './delivery.ts';
import { Desk } from './desk.ts';
import type { Heard } from './device-dialect.ts';
import type { DeviceLink } from './device-link.ts';
import { brokerHello, goesOn, type Hello } from './handshake.ts';
import { type HearingOptions, takeIn } from './hearing.ts';
import { askingIn } from './latest.ts';
import { LinkSession } from './link-session.ts';
import { scopeIn } from './parking.ts';
import { type Presence, presenceFrame } from './presence.ts';
import { Restating } from './restating.ts';
import type { View } from './snapshot.ts';

export type StationOptions = {
  readonly mirror: Mirror;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly version: string;
  /** What is known of the device from before this process. */
  readonly known?: Pick<Presence, 'since' | 'lastSeen' | 'connectionName'>;
  /** A fresh ULID. */
  mint(): string;
  /** What the device's frames tell about it. */
  observed(seen: Observed): void;
  /** A sign of life of the device. */
  heartbeat(): void;
  /** What nobody asked about: a device that breaks the protocol, a store that fails. */
  trouble(what: string, error: unknown): void;
};

/**
 * One device at this broker, there or not: its clients' hub, its link while it has one, and what waits for it while it has none. To the
 * hub it looks like a device that always answers.
 */
export interface Station {
  readonly hub: Hub;
  readonly online: boolean;
  /** A new link takes the place of the old one (REG-7). */
  connect(link: DeviceLink): void;
  /** Ends the link and every client's session. */
  close(code: number, reason: string): void;
}

/** A sign of life is told on no more often than this. */
const heartbeatMs = 1_000;

export function createStation(options: StationOptions): Station {
  const { mirror, inbox, clock, version, mint, trouble } = options;
  let presence: Presence = {
    online: false,
    since: clock.now(),
    lastSeen: null,
    connectionId: null,
    connectionName: null,
    ...options.known,
  };
  let session: LinkSession | null = null;
  let closed = false;
  /** Clients may have been told more than a crash has left here, until the device has told it again. */
  let lags = true;
  /** The place in the feed where that is so. */
  let due = 0;

  const hub = createHub({
    toDevice: (frame) => desk.toDevice(frame),
    log: {
      head: (scope) => mirror.head(scope),
      read: (scope, after, maxBytes) => mirror.read(scope, after, maxBytes),
      get lags() {
        return lags;
      },
    },
    clock,
    version,
    numbered: true,
    greeting: () => [presenceFrame(presence)],
  });
  const say = (frame: Frame): void => hub.hear(frame, JSON.stringify(frame));
  const view = (scope: Scope): View => ({
    scope,
    latest: mirror.latest(scope),
    head: mirror.head(scope),
    parked: inbox.of(scope),
    presence,
    now: clock.now(),
    mint,
  });
  const followed = (): Iterable<Scope> => hub.followed();
  const restating = new Restating({ clock, view, followed, say, trouble });
  const desk = new Desk({
    inbox,
    clock,
    mint,
    view,
    say,
    trouble,
    queueChanged: (scope) => restating.queue(scope),
    asking: () => mirror.asking().flatMap(({ scope, status }) => askingIn(scope, status, clock.now())),
  });
  restating.begin(presence);

  function heard(told: HearingOptions, frame: Frame, text: string): void {
    const { request_id: requestId } = frame;
    if (requestId !== undefined && !desk.settle(frame)) return;
    // What a device tells its asker of a delivered entry is for those on the scope: nobody asked.
    const unasked = isDelivery(requestId) ? withoutRequestId(frame) : frame;
    if (!takeIn(told, unasked, text)) return;
    hub.hear(unasked, unasked === frame ? text : JSON.stringify(unasked));
    const scope = frame.type === 'update_queue' ? scopeIn(frame) : null;
    // A device does not know what it has not been handed yet.
    if (scope && desk.waits(scope)) restating.queue(scope);
  }

  function connect(link: DeviceLink): void {
    if (closed) return link.pipe.close(1012, 'the broker is restarting');
    replace(link);
    try {
      greet(link);
    } catch (error) {
      trouble('a device could not be greeted', error);
      link.pipe.close(1012, 'the broker cannot read its store; connect again in a moment');
    }
  }

  function greet(link: DeviceLink): void {
    const feed = mirror.feed();
    const hello = brokerHello(feed, inbox);
    const hear = (one: Heard): void => fresh.hear(one);
    const told: HearingOptions = {
      ...{ mirror, observed: options.observed, known: followed },
      trouble: (what, error) => fresh.trouble(what, error),
    };
    const dialect = deviceDialect(link, { connectionId: link.connectionId, clock, hear });
    const fresh: LinkSession = new LinkSession({
      link,
      dialect,
      clock,
      hello,
      up(said) {
        if (said && !goesOn(feed, said)) begin(said.feedId);
        due = said?.head ?? 0;
        heardUpTo(mirror.feed().have);
        up(fresh, said);
      },
      heard: (frame, text) => heard(told, frame, text),
      marked(position) {
        mirror.mark(position);
        // What was said of these states so far was old news to those who knew more than was here, and they passed over it.
        if (heardUpTo(position)) restating.states();
      },
      alive,
      drained: () => desk.pump(),
      ended: () => ended(fresh),
      trouble,
    });
    session = fresh;
    desk.hold();
    fresh.start();
  }

  function begin(feedId: string): void {
    mirror.begin(feedId);
    lags = true;
  }

  /** [SYNC-3] Once all is here again that the device has, numbers beyond it are those of a store that was put back. True when that is now. */
  function heardUpTo(position: number): boolean {
    if (!lags || position < due) return false;
    lags = false;
    hub.caughtUp();
    return true;
  }

  /** [REG-7] Only a link of another lease is another's; the same lease that dials again has lost its old link. */
  function replace({ connectionId }: DeviceLink): void {
    if (!session) return;
    const { link } = session;
    const taken = link.pipe.open && link.connectionId !== connectionId;
    if (taken) session.close(1000, 'Replaced by new connection');
    else session.close(1012, 'this lease has dialled again');
  }

  function alive(): void {
    const now = clock.now();
    if (presence.lastSeen !== null && now - presence.lastSeen < heartbeatMs) return;
    presence = { ...presence, lastSeen: now };
    options.heartbeat();
  }

  function up(on: LinkSession, hello: Hello | null): void {
    const { connectionId, connectionName } = on.link;
    presence = { online: true, since: clock.now(), lastSeen: clock.now(), connectionId, connectionName };
    restating.presence(presence);
    if (hello) options.observed({ defaultAgentId: hello.defaultAgentId });
    desk.serve(on, hello);
  }

  function ended(over: LinkSession): void {
    if (session !== over) return;
    session = null;
    if (presence.online) presence = { ...presence, online: false, since: clock.now(), connectionId: null };
    desk.lose();
    if (over.wasUp) restating.presence(presence);
  }

  return {
    hub,
    get online() {
      return presence.online;
    },
    connect,
    close(code, reason) {
      if (closed) return;
      closed = true;
      session?.close(code, reason);
      desk.close();
      restating.stop();
      hub.close(code, reason);
    },
  };
}

function withoutRequestId({ request_id: _, ...rest }: Frame): Frame {
  return rest as Frame;
}
