import type { Hub, HubOptions } from '../hub/hub.ts';
import { hubOn } from '../hub/hub-on.ts';
import type { Client } from '../hub/session.ts';
import { type ManualPair, manualPair } from '../link/memory.ts';
import { type VirtualClock, virtualClock } from '../link/virtual-clock.ts';
import type { Frame } from '../protocol/frames.ts';
import { owner } from '../protocol/privileges.ts';
import { StubDevice } from './stub-device.ts';

/** A hub on a stub device, where nothing moves until a test says so. `a` of the link is the device's end. */
export type HubStand = {
  readonly device: StubDevice;
  readonly clock: VirtualClock;
  readonly link: ManualPair;
  readonly hub: Hub;
  /** Moves everything on the device's link and on those of all peers. */
  flush(): void;
  /** A client that reads whatever comes; `a` of its pair is its own end. */
  peer(client?: Partial<Client>): Peer;
  /** Registers a pair that `flush` moves too. */
  moves(pair: ManualPair): void;
};

export type Peer = {
  readonly pair: ManualPair;
  /** The texts that came, as they came. */
  readonly texts: readonly string[];
  readonly frames: () => Frame[];
  readonly closed: () => number | null;
  send(frame: Record<string, unknown>): void;
};

export function hubStand(
  device = new StubDevice(),
  clock = virtualClock(),
  options: Pick<HubOptions, 'numbered' | 'ringBytes'> = {},
): HubStand {
  const link = manualPair();
  device.attach(link.a);
  const hub = hubOn(link.b, { log: device, clock, version: '0.0.0-test', ...options });
  const pairs = new Set([link]);

  const flush = (): void => {
    for (let moved = 1; moved > 0; ) {
      moved = 0;
      for (const pair of pairs) moved += pair.flush();
    }
  };
  function peer(client: Partial<Client> = {}): Peer {
    const pair = manualPair();
    pairs.add(pair);
    const texts: string[] = [];
    let closed: number | null = null;
    pair.a.listen({
      message: (text) => texts.push(text),
      closed: ({ code }) => {
        closed = code;
      },
    });
    hub.accept(pair.b, { principal: owner('direct'), hears: 'followed', ...client });
    return {
      pair,
      texts,
      frames: () => texts.map((text) => JSON.parse(text) as Frame),
      closed: () => closed,
      send: (frame) => pair.a.send(JSON.stringify(frame)),
    };
  }
  return { device, clock, link, hub, flush, peer, moves: (pair) => pairs.add(pair) };
}

export type Greeted = Peer & { readonly hello: Frame };
export type NumberedStand = HubStand & {
  /** A client that has said hello, with what it was answered; it wants to go on with the session of `before`. */
  greeted(client?: Partial<Client>, before?: Peer, more?: Readonly<Record<string, unknown>>): Greeted;
};

/** A stand with a hub that numbers, as at a broker. */
export function numberedStand(options: Pick<HubOptions, 'ringBytes'> = {}): NumberedStand {
  const stand = hubStand(new StubDevice(), virtualClock(), { ...options, numbered: true });
  return {
    ...stand,
    greeted(client = {}, before, more = {}) {
      const one = stand.peer({ query: new URLSearchParams({ farhand: '1' }), ...client });
      one.send({ type: 'client_hello', ...(before && comeBack(before)), ...more });
      stand.flush();
      return { ...one, hello: one.frames()[0] as Frame };
    },
  };
}

/** What a client says in its hello when it comes back. */
export function comeBack(peer: Peer): Record<string, unknown> {
  const [{ session, resume_token } = {} as Frame, ...told] = peer.frames();
  return { session, resume_token, last_seq: told.at(-1)?.seq ?? 0 };
}
