import { type Client, type ClientOptions, createClient } from '../client/index.ts';
import type { HubOptions } from '../hub/hub.ts';
import type { Client as HubClient } from '../hub/session.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import { type ManualPair, manualPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { type VirtualClock, virtualClock } from '../link/virtual-clock.ts';
import { owner } from '../protocol/privileges.ts';
import { type HubStand, hubStand } from './hub-stand.ts';
import { StubDevice } from './stub-device.ts';

/** Clients of a hub on a stub device, on a virtual clock; frames move when a test says so, connections fail when it says so. */
export type ClientStand = {
  readonly device: StubDevice;
  readonly clock: VirtualClock;
  /** The present hub; `restart` puts another in its place. */
  readonly hub: () => HubStand;
  /** While false, dialling fails. */
  reachable: boolean;
  /** The connections made so far, newest last; `a` is the client's end. */
  readonly pairs: ManualPair[];
  connect(options?: Partial<ClientOptions>, wrap?: (pipe: Pipe) => Pipe): Client;
  /** Moves every frame and lets every promise go on, until nothing happens any more. */
  settle(): Promise<void>;
  /** Breaks the newest connection. */
  cut(): void;
  /** The device's program dies and comes back: its store stays, every connection ends. */
  restart(): void;
};

/** `numbered`: the hub is one of a broker (SEQ-3). */
export function clientStand(options: Pick<HubOptions, 'numbered' | 'ringBytes'> = {}): ClientStand {
  const device = new StubDevice();
  let hub = hubStand(device, virtualClock(), options);
  const { clock } = hub;
  const pairs: ManualPair[] = [];
  let clients = 0;

  function open(hears: HubClient['hears'], wrap: (pipe: Pipe) => Pipe): Promise<Pipe | DialFailure> {
    if (!stand.reachable) return Promise.resolve({ kind: 'refused', message: 'nobody listens' });
    const pair = manualPair();
    pairs.push(pair);
    hub.moves(pair);
    const query = options.numbered ? new URLSearchParams({ farhand: '1' }) : undefined;
    hub.hub.accept(pair.b, { principal: owner('direct'), hears, query });
    return Promise.resolve(wrap(pair.a));
  }
  const stand: ClientStand = {
    device,
    clock,
    hub: () => hub,
    reachable: true,
    pairs,
    connect(own = {}, wrap = (pipe) => pipe) {
      clients += 1;
      let minted = 0;
      const mint = (): string => `mint-${clients}-${++minted}`;
      return createClient({ open: () => open('followed', wrap), clock, mint, random: () => 0, ...own });
    },
    async settle() {
      for (let quiet = 0; quiet < 2; quiet++) {
        await clock.advance(0);
        hub.flush();
        await clock.advance(0);
      }
    },
    cut: () => pairs.at(-1)?.cut(),
    restart() {
      hub.link.cut();
      hub.flush();
      hub = hubStand(device, clock, options);
    },
  };
  return stand;
}
