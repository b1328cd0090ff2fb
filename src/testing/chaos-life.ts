import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { applyVersion } from '../core/apply.ts';
import { hubOn } from '../hub/hub-on.ts';
import type { Clock } from '../link/clock.ts';
import { memoryPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { owner } from '../protocol/privileges.ts';
import { Device } from '../runtime/device.ts';
import { ulid } from '../runtime/ulid.ts';
import { openMemoryStore } from '../store/memory.ts';
import type { MemoryHome } from '../store/memory-home.ts';
import { type Commit, type Store, StoreError } from '../store/store.ts';
import { breakable } from './chaos-breakable.ts';
import { mortalClock } from './chaos-clock.ts';
import { Ghosts } from './chaos-ghosts.ts';
import { type Life as Fate, type Kill, moments } from './chaos-schedule.ts';

export type LifeOptions = {
  readonly disk: MemoryHome;
  readonly folder: string;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fate: Fate;
  /** Told of each commit that is durable, before anybody else hears of it. */
  committed(batch: readonly Commit[]): void;
  died(of: string): void;
  trouble(what: string, error: unknown): void;
};

/** A device and its hub, from their start to a death as if by `kill -9`: from one moment on nothing of it is durable, heard or done. */
export class Life {
  readonly device: Device;
  readonly store: Store;
  readonly ghosts: Ghosts;
  readonly #options: LifeOptions;
  readonly #clock: ReturnType<typeof mortalClock>;
  readonly #cuts = new Set<() => void>();
  readonly #hub: ReturnType<typeof hubOn>;
  readonly #seen = new Map<Kill, number>();
  #commits = 0;
  #dead = false;
  #spared = false;

  constructor(options: LifeOptions) {
    this.#options = options;
    const { folder, env } = options;
    this.#clock = mortalClock(options.clock);
    this.ghosts = new Ghosts(() => {
      if (this.#due('prepared', () => true)) this.die('when a call was ready');
    });
    this.store = this.#mortal(openMemoryStore({ applyVersion, home: options.disk }));
    const home = join(folder, '.home');
    mkdirSync(home, { recursive: true });
    this.device = new Device({
      store: this.store,
      home,
      scratch: join(home, 'scratch'),
      cwd: folder,
      version: '0.0.0-test',
      clock: this.#clock,
      env,
      mint: () => ulid(this.#clock.now()),
      trouble: (what, error) => this.#dead || options.trouble(what, error),
      fenced: (error) => this.#dead || options.trouble('the lease is gone', error),
    });
    const { host } = this.device;
    Object.assign(host, { tools: host.tools.map((tool) => this.ghosts.haunt(tool)) });
    const [near, far] = memoryPair();
    this.device.attach(this.#witness());
    this.device.attach(far);
    this.#hub = hubOn(near, { log: this.store, clock: this.#clock, version: '0.0.0-test' });
    this.device.start();
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** A client's end of a pipe into the hub; it breaks when the device dies, and what was on its way is lost. */
  open(): Pipe {
    const [near, far] = memoryPair();
    this.#hub.accept(far, { principal: owner('private'), hears: 'followed' });
    const { pipe, cut } = breakable(near);
    this.#cuts.add(cut);
    return pipe;
  }

  /** Serves a broker at the other end of the pipe, until one of them dies. */
  serve(far: Pipe, connection: { readonly id: string; readonly name: string }): void {
    const { pipe, cut } = breakable(far);
    this.#cuts.add(cut);
    this.device.attachBroker(pipe, connection);
  }

  die(of: string): void {
    if (this.#dead || this.#spared) return;
    this.#dead = true;
    this.#clock.stop();
    this.ghosts.die();
    for (const cut of this.#cuts) cut();
    // Not at once: this may be the middle of one of its commits.
    setImmediate(() => this.device.host.committer.close());
    this.#options.died(of);
  }

  /** No kill comes any more. */
  spare(): void {
    this.#spared = true;
  }

  /** An end in peace. */
  async close(): Promise<void> {
    await this.device.close();
    this.#clock.stop();
  }

  #mortal(store: Store): Store {
    const alive =
      <A extends unknown[], R>(write: (...args: A) => R) =>
      (...args: A): R => {
        if (this.#dead) throw gone();
        return write(...args);
      };
    return {
      ...store,
      commit: (batch) => this.#commit(store, batch),
      createConversation: alive(store.createConversation),
      updateConversation: alive(store.updateConversation),
      putAgent: alive(store.putAgent),
      deleteAgent: alive(store.deleteAgent),
      setMeta: alive(store.setMeta),
      trim: alive(store.trim),
    };
  }

  #commit(store: Store, batch: readonly Commit[]) {
    if (this.#dead) throw gone();
    this.#commits += 1;
    const { fate, committed } = this.#options;
    const kinds = new Set(batch.flatMap(({ facts }) => facts.map(({ kind }) => kind)));
    const kill = this.#due('commit', ({ fact }) => !fact || kinds.has(fact));
    const death = `${kill?.side} commit ${this.#commits} of ${[...kinds].join(', ')}`;
    if (kill?.side === 'before') this.die(death);
    if (this.#dead) throw gone();
    if (fate.fullDiskAt.includes(this.#commits))
      throw new StoreError({ code: 'store_full', message: 'The disk is full, as the schedule has it.' });
    const result = store.commit(batch);
    committed(batch);
    if (kill?.side === 'after') this.die(death);
    if (this.#dead) throw gone();
    return result;
  }

  /** A link that is told everything before the others are. */
  #witness(): Pipe {
    return {
      open: true,
      unsent: 0,
      send: (text) => {
        if (text.includes('"snapshot":true')) return;
        const kill = this.#due('frame', ({ moment }) => text.includes(moments[moment]));
        if (!kill) return;
        const { moment, afterMs } = kill;
        if (afterMs === 0) this.die(`at ${moment}`);
        else setTimeout(() => this.die(`${afterMs} ms after ${moment}`), afterMs);
      },
      close: () => undefined,
      listen: () => undefined,
    };
  }

  /** The kill that has waited for this to come to pass, as often as it has now. */
  #due<At extends Kill['at']>(
    at: At,
    isMet: (kill: Extract<Kill, { at: At }>) => boolean,
  ): Extract<Kill, { at: At }> | undefined {
    const waiting = (kill: Kill): kill is Extract<Kill, { at: At }> => kill.at === at;
    return this.#options.fate.kills
      .filter(waiting)
      .filter(isMet)
      .find((kill) => {
        const seen = (this.#seen.get(kill) ?? 0) + 1;
        this.#seen.set(kill, seen);
        return seen === kill.n;
      });
  }
}

const gone = () =>
  new StoreError({ code: 'lease_lost', message: 'This process is dead, as the schedule has it.' });
