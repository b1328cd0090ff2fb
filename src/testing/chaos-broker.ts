import { restsIn } from '../broker/station/latest.ts';
import { createStation, type Station } from '../broker/station/station.ts';
import type { Inbox, Parked } from '../broker/store/inbox.ts';
import { type BrokerStore, openBrokerStore } from '../broker/store/store.ts';
import type { Clock } from '../link/clock.ts';
import { VANISHED } from '../link/close-code.ts';
import { memoryPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { withListen } from '../link/with-listen.ts';
import { privileges } from '../protocol/privileges.ts';
import type { Scope } from '../protocol/shapes.ts';
import { ulid } from '../runtime/ulid.ts';
import { StoreError } from '../sqlite/store-error.ts';
import { breakable, mortal } from './chaos-breakable.ts';
import { mortalClock } from './chaos-clock.ts';
import type { Interruption } from './chaos-interruptions.ts';
import type { BrokerKill, Passage, Side } from './chaos-relay-schedule.ts';
import { type Witness, witness } from './chaos-witness.ts';

export type BrokerLifeOptions = {
  /** The folder of its store. */
  readonly home: string;
  readonly clock: Clock;
  /** Of its store: what is written behind may be written later than the rest of the world runs. */
  readonly storeClock: Clock;
  readonly kills: readonly BrokerKill[];
  /** Whether what it sent last arrives after its death. */
  readonly lingers: boolean;
  died(of: string, interrupted: ReadonlySet<Interruption>): void;
  /** The device told this. */
  heard(text: string): void;
  /** Whether the device has noted that it took what waited there. */
  isConsumed(inboxId: string, position: number): boolean;
  trouble(what: string): void;
};

const environment = 'env-1';

/** A broker with one device, from its start to a death as if by `kill -9`: what it has not written then is never written. */
export class BrokerLife {
  readonly station: Station;
  readonly #options: BrokerLifeOptions;
  readonly #clock: ReturnType<typeof mortalClock>;
  readonly #storeClock: ReturnType<typeof mortalClock>;
  readonly #store: BrokerStore;
  readonly #inbox: Inbox;
  readonly #ends = new Map<Pipe, { cut(): void; hangUp(): void }>();
  readonly #seen = new Map<BrokerKill, number>();
  #witness: Witness | null = null;
  #dead = false;
  #spared = false;
  #closed = false;

  constructor(options: BrokerLifeOptions) {
    this.#options = options;
    this.#clock = mortalClock(options.clock);
    this.#storeClock = mortalClock(options.storeClock);
    const clock = this.#clock;
    const trouble = (what: string, error: unknown) => {
      // The seconds that a device has for that are moments here: a machine that is busy may take longer.
      if (this.#dead || what.includes('no device_hello')) return;
      options.trouble(`lost: the broker is in trouble: ${what}: ${error}`);
    };
    this.#store = openBrokerStore(options.home, {
      durability: 'process',
      clock: this.#storeClock,
      onTrouble: trouble,
    });
    this.#inbox = this.#store.inbox(environment);
    this.station = createStation({
      mirror: this.#store.mirror(environment),
      inbox: this.#mortal(this.#inbox),
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
    const [near, far] = this.#pair();
    this.station.hub.accept(far, {
      principal: { principal: 'somebody', privileges, origin: 'broker' },
      hears: 'followed',
      query: new URLSearchParams({ farhand: '1' }),
    });
    return near;
  }

  /** The device's end of a new link. */
  link(connectionId: string): Pipe {
    const [near, far] = this.#pair();
    this.#witness = witness(far, {
      through: (at, act) => void this.#through(at, act),
      heard: (text) => this.#options.heard(text),
      taken: (position) => this.#taken(position),
    });
    const link = { pipe: this.#witness.pipe, connectionId, connectionName: 'chaos' };
    this.station.connect({ ...link, speaks: 'farhand' });
    return near;
  }

  /** What has gone to the device and has no answer, when its link is lost. */
  lost(): readonly Interruption[] {
    const { deliveries, commands } = this.#witness?.open ?? none;
    this.#witness = null;
    return [
      ...(deliveries.size > 0 ? ['link: delivery' as const] : []),
      ...(commands.size > 0 ? ['link: command' as const] : []),
    ];
  }

  /** Loses a connection that this side gave. */
  cut(pipe: Pipe): void {
    this.#ends.get(pipe)?.cut();
  }

  /** What waits here for the device. */
  parked(scope: Scope): readonly Parked[] {
    return this.#inbox.of(scope);
  }

  /** Whether something of a conversation waits, as far as it was heard here. */
  waits(scope: Scope): boolean {
    return this.parked(scope).length > 0 || !restsIn(this.#store.mirror(environment).latest(scope));
  }

  /** The number of the newest event of a conversation that is here. */
  head(scope: Scope): number {
    return this.#store.mirror(environment).head(scope)?.event_seq ?? 0;
  }

  die(of: string, more: readonly Interruption[] = []): void {
    if (this.#dead || this.#spared) return;
    const interrupted = new Set([...this.#interrupted(), ...more]);
    this.#dead = true;
    this.#clock.stop();
    this.#storeClock.stop();
    const { lingers } = this.#options;
    // What it sent last may arrive all the same, as a kernel has it, or be lost.
    for (const { cut, hangUp } of this.#ends.values()) lingers ? hangUp() : cut();
    this.#options.died(of, interrupted);
  }

  /** No kill comes any more. */
  spare(): void {
    this.#spared = true;
  }

  /** The end of its files; a dead broker's have been left as they were. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#dead) this.station.close(1012, 'the test is over');
    this.#dead = true;
    this.#clock.stop();
    this.#storeClock.stop();
    this.#store.close();
  }

  #interrupted(): readonly Interruption[] {
    const { deliveries, commands } = this.#witness?.open ?? none;
    const parked = this.#inbox.all();
    const { isConsumed } = this.#options;
    return [
      ...parked.map(({ kind }) => `${kind} parked` as const),
      ...(parked.some(({ position }) => isConsumed(this.#inbox.id, position)) ? ['taken' as const] : []),
      ...(deliveries.size > 0 ? ['delivery' as const] : []),
      ...(commands.size > 0 ? ['command' as const] : []),
      ...(this.station.online ? [] : ['away' as const]),
    ];
  }

  /** A connection, whose far end is this broker's. */
  #pair(): [Pipe, Pipe] {
    const [near, far] = memoryPair({ clock: this.#options.clock });
    const { pipe, cut } = breakable(near, 'the connection was cut');
    const told = withListen(pipe, (listener) =>
      pipe.listen({
        message: (text) => {
          const isEvent = text.includes('"event_seq":') && !text.includes('"snapshot":true');
          if (isEvent && !this.#dead) this.#through('told', () => listener.message(text));
          else listener.message(text);
        },
        closed: (why) => listener.closed(why),
        drained: () => listener.drained?.(),
      }),
    );
    this.#ends.set(told, { cut, hangUp: () => far.close(VANISHED, 'the broker died') });
    return [told, mortal(far, () => this.#dead)];
  }

  /** [IN-4] The message that a device says it has, it has noted in the same commit. */
  #taken(position: number): void {
    const { isConsumed, trouble } = this.#options;
    if (!isConsumed(this.#inbox.id, position))
      trouble(`twice: what waited at ${position} was taken, and the device has no note of that`);
  }

  #mortal(inbox: Inbox): Inbox {
    return {
      ...inbox,
      put: (entry) => this.#through('parking', () => inbox.put(entry), ['parking']) ?? gone(),
      remove: (position) => void this.#through('delivered', () => inbox.remove(position)),
      settle: (entry, fate) => void this.#through('delivered', () => inbox.settle(entry, fate)),
    };
  }

  /** Does it, unless death comes before it: then nothing is done, and null is returned. */
  #through<Result>(at: Passage, act: () => Result, then: readonly Interruption[] = []): Result | null {
    const side = this.#due(at);
    if (side === 'before') this.die(`before ${at}`);
    if (this.#dead) return null;
    const result = act();
    if (side === 'after') this.die(`after ${at}`, then);
    return result;
  }

  /** The kill that has waited for this to come to pass, as often as it has now. */
  #due(at: Passage): Side | null {
    for (const kill of this.#options.kills) {
      if (kill.at !== at || !('n' in kill)) continue;
      const seen = (this.#seen.get(kill) ?? 0) + 1;
      this.#seen.set(kill, seen);
      if (seen === kill.n) return kill.side;
    }
    return null;
  }
}

const none: Witness['open'] = { deliveries: new Set(), commands: new Set() };

/** What a dead broker's code goes on to do reaches nobody. */
function gone(): never {
  throw new StoreError({
    code: 'store_failed',
    message: 'This broker is dead, as the schedule has it.',
  });
}
