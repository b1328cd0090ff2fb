import type { Inbox } from '../broker/inbox.ts';
import { createStation, type Station } from '../broker/station.ts';
import { type BrokerStore, openBrokerStore } from '../broker/store.ts';
import type { Clock } from '../link/clock.ts';
import { memoryPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { privileges } from '../protocol/privileges.ts';
import { ulid } from '../runtime/ulid.ts';
import { StoreError } from '../sqlite/store-error.ts';
import { breakable } from './chaos-breakable.ts';
import { mortalClock } from './chaos-clock.ts';
import type { BrokerKill, Side } from './chaos-relay-schedule.ts';

export type BrokerLifeOptions = {
  /** The folder of its store. */
  readonly home: string;
  readonly clock: Clock;
  readonly kills: readonly BrokerKill[];
  died(of: string): void;
  trouble(what: string, error: unknown): void;
};

const environment = 'env-1';

/** A broker with one device, from its start to a death as if by `kill -9`: what it has not written then is never written. */
export class BrokerLife {
  readonly station: Station;
  readonly #options: BrokerLifeOptions;
  readonly #clock: ReturnType<typeof mortalClock>;
  readonly #store: BrokerStore;
  readonly #cuts = new Map<Pipe, () => void>();
  readonly #seen = new Map<BrokerKill, number>();
  #dead = false;
  #spared = false;

  constructor(options: BrokerLifeOptions) {
    this.#options = options;
    this.#clock = mortalClock(options.clock);
    const clock = this.#clock;
    const trouble = (what: string, error: unknown) => this.#dead || options.trouble(what, error);
    this.#store = openBrokerStore(options.home, { durability: 'process', clock, onTrouble: trouble });
    this.station = createStation({
      mirror: this.#store.mirror(environment),
      inbox: this.#mortal(this.#store.inbox(environment)),
      clock,
      version: '0.0.0-test',
      mint: () => ulid(clock.now()),
      observed: () => undefined,
      heartbeat: () => undefined,
      trouble,
    });
    for (const kill of options.kills)
      if (kill.at === 'time') setTimeout(() => this.die(`after ${kill.ms} ms`), kill.ms);
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** A client's end of a pipe into the hub. */
  open(): Pipe {
    const [near, far] = memoryPair({ clock: this.#clock });
    const pipe = this.#breakable(near);
    this.station.hub.accept(far, {
      principal: { principal: 'somebody', privileges, origin: 'broker' },
      hears: 'followed',
      query: new URLSearchParams({ farhand: '1' }),
    });
    return pipe;
  }

  /** The device's end of a new link. */
  link(connectionId: string): Pipe {
    const [near, far] = memoryPair({ clock: this.#clock });
    // Before the first word: a broker may die of that.
    const pipe = this.#breakable(near);
    this.station.connect({
      pipe: this.#witnessed(far),
      connectionId,
      connectionName: 'chaos',
      speaks: 'farhand',
    });
    return pipe;
  }

  /** Loses a connection that this side gave. */
  cut(pipe: Pipe): void {
    this.#cuts.get(pipe)?.();
  }

  die(of: string): void {
    if (this.#dead || this.#spared) return;
    this.#dead = true;
    this.#clock.stop();
    for (const cut of this.#cuts.values()) cut();
    this.#options.died(of);
  }

  /** No kill comes any more. */
  spare(): void {
    this.#spared = true;
  }

  /** The end of its files; a dead broker's have been left as they were. */
  close(): void {
    if (!this.#dead) this.station.close(1012, 'the test is over');
    this.#dead = true;
    this.#clock.stop();
    this.#store.close();
  }

  #breakable(near: Pipe): Pipe {
    const { pipe, cut } = breakable(near, 'the broker died');
    this.#cuts.set(pipe, cut);
    return pipe;
  }

  /** The device's link with a kill at what comes and at what goes. */
  #witnessed(pipe: Pipe): Pipe {
    const at = (what: 'event' | 'command', act: () => void) => void this.#through(what, act);
    return {
      get unsent() {
        return pipe.unsent;
      },
      get open() {
        return pipe.open;
      },
      send: (text) => at('command', () => pipe.send(text)),
      close: (code, reason) => pipe.close(code, reason),
      listen: (listener) =>
        pipe.listen({
          message: (text) => at('event', () => listener.message(text)),
          closed: (why) => void (this.#dead || listener.closed(why)),
          drained: () => void (this.#dead || listener.drained?.()),
        }),
    };
  }

  #mortal(inbox: Inbox): Inbox {
    return {
      ...inbox,
      put: (entry) => this.#through('parking', () => inbox.put(entry)) ?? gone(),
      remove: (position) => void this.#through('delivered', () => inbox.remove(position)),
    };
  }

  /** Does it, unless death comes before it: then nothing is done, and null is returned. */
  #through<Result>(at: Exclude<BrokerKill['at'], 'time'>, act: () => Result): Result | null {
    const side = this.#due(at);
    if (side === 'before') this.die(`before ${at}`);
    if (this.#dead) return null;
    const result = act();
    if (side === 'after') this.die(`after ${at}`);
    return result;
  }

  /** The kill that has waited for this to come to pass, as often as it has now. */
  #due(at: BrokerKill['at']): Side | null {
    for (const kill of this.#options.kills) {
      if (kill.at !== at || !('n' in kill)) continue;
      const seen = (this.#seen.get(kill) ?? 0) + 1;
      this.#seen.set(kill, seen);
      if (seen === kill.n) return kill.side;
    }
    return null;
  }
}

/** What a dead broker's code goes on to do reaches nobody. */
function gone(): never {
  throw new StoreError({
    code: 'store_failed',
    message: 'This broker is dead, as the schedule has it.',
  });
}
