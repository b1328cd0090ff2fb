import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '../client/client.ts';
import { systemClock } from '../link/clock.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import type { Pipe } from '../link/pipe.ts';
import { tellingEnd } from '../link/with-listen.ts';
import { memoryHome } from '../store/memory-home.ts';
import { StoreError } from '../store/store.ts';
import { BrokerLife } from './chaos-broker.ts';
import { hastyClock } from './chaos-clock.ts';
import { keptInMemory } from './chaos-evidence.ts';
import type { Interruption } from './chaos-interruptions.ts';
import { Life } from './chaos-life.ts';
import { type Random, seededRandom } from './chaos-random.ts';
import { type Cut, type RelaySchedule, relayScheduleOf } from './chaos-relay-schedule.ts';
import { type Life as Fate, moments, type Schedule, scheduleOf } from './chaos-schedule.ts';
import { runVariable } from './chaos-survivors.ts';
import { Trial } from './chaos-trial.ts';
import { keepVigil } from './chaos-vigil.ts';
import { Watch } from './chaos-watch.ts';

export type RelayedOutcome = {
  /** What broke the promise. */
  readonly broken: readonly string[];
  /** What happened, a line each. */
  readonly trace: readonly string[];
  /** What deaths and cuts interrupted, each as often as it was. */
  readonly interrupted: readonly Interruption[];
};

/** Waits of seconds, such as those between two attempts, take a twentieth of their time. */
const haste = 20;
const nobody: DialFailure = { kind: 'refused', message: 'nobody is there' };

/** Runs the schedule of a seed with a broker between the device and the people; all of them die and come back. */
export async function runRelayedSchedule(seed: number, modelUrl: string): Promise<RelayedOutcome> {
  const relay = relayScheduleOf(seed);
  const world = new RelayedWorld(
    relay.losesDisk ? cautious(scheduleOf(seed)) : scheduleOf(seed),
    relay,
    modelUrl,
  );
  try {
    await world.run();
  } finally {
    await world.close();
  }
  const { trial, interrupted } = world;
  return { broken: trial.broken, trace: trial.trace, interrupted };
}

/** A broker that has lost its disk cannot know that a device has what is sent again, taken back, or sent with something else in it. */
const cautious = (schedule: Schedule): Schedule => ({
  ...schedule,
  steps: schedule.steps.filter((step) => step.do !== 'remove' && step.do !== 'send_other'),
});

class RelayedWorld {
  readonly trial: Trial;
  readonly interrupted: Interruption[] = [];
  readonly #deaths = { device: 0, broker: 0 };
  readonly #id = randomBytes(6).toString('hex');
  readonly #schedule: Schedule;
  readonly #relay: RelaySchedule;
  readonly #random: Random;
  readonly #modelUrl: string;
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-chaos-')));
  readonly #brokerHome = join(this.#folder, '.broker');
  readonly #disk = memoryHome();
  readonly #clock = hastyClock(haste);
  readonly #watch = new Watch();
  readonly #vigil: ReturnType<typeof keepVigil>;
  readonly #graves: Life[] = [];
  readonly #brokers: BrokerLife[] = [];
  readonly #clients = new Set<Pipe>();
  readonly #cutsToCome: Set<Cut>;
  #life: Life;
  #broker: BrokerLife;
  #link: Pipe | null = null;
  #links = 0;
  /** Nobody can be reached before these moments of the machine's clock. */
  readonly #until = { device: 0, client: 0 };
  #over = false;
  #closed = false;

  constructor(schedule: Schedule, relay: RelaySchedule, modelUrl: string) {
    this.#schedule = schedule;
    this.#relay = relay;
    this.#random = seededRandom(schedule.seed + 6_000_000);
    this.#modelUrl = modelUrl;
    this.#cutsToCome = new Set(relay.cuts.filter(({ moment }) => moment));
    this.trial = new Trial({
      id: this.#id,
      schedule,
      random: this.#random,
      clock: this.#clock,
      folder: this.#folder,
      relayed: true,
      connect: (options) => createClient({ ...options, open: async () => this.#open() }),
      noted: (what) => {
        if (what === 'outbox') this.interrupted.push('client: outbox');
        else if (!this.#broker.station.online) this.interrupted.push('guest: device away');
      },
    });
    this.#broker = this.#beginBroker();
    this.#life = this.#begin();
    this.#vigil = keepVigil({
      clients: () => this.trial.clients,
      away: () => (this.#broker.dead ? 'broker' : this.#broker.station.online ? null : 'device'),
      waits: (scope) => this.#broker.waits(scope),
      parked: (scope) =>
        this.#broker.parked(scope).flatMap(({ kind, key }) => (kind === 'message' && key ? [key] : [])),
      lags: ({ scope, follower }) => (follower.cursor?.after_event_seq ?? 0) > this.#broker.head(scope),
      broken: (what) => this.trial.break(what),
    });
    this.#connect();
  }

  async run(): Promise<void> {
    for (const cut of this.#relay.cuts) if (!cut.moment) void this.#cut(cut);
    await this.trial.play(this.#life.device.defaultAgent(), this.#relay.passers);
    if (this.#deaths.broker === 0) this.#broker.die('at rest');
    this.#over = true;
    this.#life.spare();
    this.#broker.spare();
    await this.trial.end();
    await this.trial.judge(() => keptInMemory(this.#disk));
    if (this.#vigil.long) this.interrupted.push('long absence');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#vigil.stop();
    this.trial.close();
    if (!this.#life.dead) await this.#life.close();
    for (const life of this.#graves) await life.ghosts.bury();
    for (const broker of this.#brokers) broker.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): Pipe | DialFailure {
    if (this.#broker.dead || Date.now() < this.#until.client) return nobody;
    const pipe = this.#broker.open();
    this.#clients.add(pipe);
    return pipe;
  }

  /** The device dials its broker whenever both are there and it has no link. */
  #connect(): void {
    if (this.#closed || this.#link || this.#life.dead || this.#broker.dead) return;
    const wait = this.#until.device - Date.now();
    if (wait > 0) return void setTimeout(() => this.#connect(), wait);
    this.#links += 1;
    const id = `conn-${this.#links}`;
    const far = this.#broker.link(id);
    const link = tellingEnd(far, () => {
      if (this.#link !== far) return;
      this.#link = null;
      setTimeout(() => this.#connect(), this.#random.int(0, 10));
    });
    this.#link = far;
    this.#life.serve(link, { id, name: 'chaos' });
  }

  /** The device has said something: it may be what a cut waits for. */
  #heard(text: string): void {
    for (const cut of this.#cutsToCome) {
      if (!cut.moment || !text.includes(moments[cut.moment])) continue;
      this.#cutsToCome.delete(cut);
      return void this.#cut(cut);
    }
  }

  async #cut({ whose, afterMs, forMs, abort }: Cut): Promise<void> {
    // Not in the middle of what is heard: that is not yet with those whom it is for.
    await pause(afterMs);
    if (this.#over || this.#closed) return;
    this.trial.note(`the connection of the ${whose} is cut for ${forMs} ms`);
    this.#until[whose] = Date.now() + forMs;
    if (whose === 'client') for (const pipe of this.#clients) this.#broker.cut(pipe);
    if (whose === 'client' || !this.#link) return;
    this.interrupted.push(...this.#broker.lost());
    this.#broker.cut(this.#link);
    if (abort) this.trial.abort();
  }

  #beginBroker(): BrokerLife {
    const broker: BrokerLife = new BrokerLife({
      home: this.#brokerHome,
      clock: this.#clock,
      storeClock: systemClock,
      lingers: this.#relay.lingers,
      kills: (!this.#over && this.#relay.brokers[this.#deaths.broker]) || [],
      died: (of, interrupted) => void this.#brokerDied(of, interrupted),
      heard: (text) => this.#heard(text),
      isConsumed: (inbox, position) => this.#disk.consumed.get(inbox)?.includes(position) ?? false,
      trouble: (what) => this.trial.break(what),
    });
    this.#brokers.push(broker);
    return broker;
  }

  async #brokerDied(of: string, interrupted: ReadonlySet<Interruption>): Promise<void> {
    this.#deaths.broker += 1;
    this.trial.note(`the broker dies ${of}, with ${[...interrupted].join(', ') || 'nothing in hand'}`);
    this.interrupted.push(...interrupted);
    this.#clients.clear();
    if (this.#relay.both) this.#life.die('with its broker');
    if (this.#life.dead) this.interrupted.push('both');
    await pause(this.#random.int(0, 60));
    if (this.#closed) return;
    if (this.#relay.losesDisk && this.#deaths.broker === 1) this.#loseDisk();
    this.#broker = this.#beginBroker();
    this.trial.note('the broker is back');
    const views = this.trial.clients.flatMap((client) => [...client.views.values()]);
    const isBehind = views.some(
      ({ scope, follower }) => (follower.cursor?.after_event_seq ?? 0) > this.#broker.head(scope),
    );
    if (isBehind) this.interrupted.push('mirror');
    if (this.#over) this.#broker.spare();
    this.#connect();
  }

  #loseDisk(): void {
    this.trial.note('the disk of the broker is lost');
    this.interrupted.push('disk');
    this.#brokers.at(-1)?.close();
    rmSync(this.#brokerHome, { recursive: true });
  }

  #begin(): Life {
    const none: Fate = { kills: [], fullDiskAt: [] };
    const life: Life = new Life({
      disk: this.#disk,
      folder: this.#folder,
      clock: this.#clock,
      env: {
        PATH: process.env.PATH,
        FARHAND_MODEL: 'lmstudio/chaos',
        LMSTUDIO_BASE_URL: this.#modelUrl,
        [runVariable]: this.#id,
      },
      fate: (!this.#over && this.#schedule.lives[this.#deaths.device]) || none,
      committed: (batch) => {
        for (const what of this.#watch.committed(batch)) this.trial.break(what);
      },
      died: (of) => void this.#deviceDied(life, of),
      trouble: (what, error) => {
        // The disk was to be full.
        if (error instanceof StoreError && error.code === 'store_full') return;
        this.trial.break(`lost: the device is in trouble: ${what}: ${error}`);
      },
    });
    return life;
  }

  async #deviceDied(dead: Life, of: string): Promise<void> {
    const absenceMs = this.#relay.absencesMs[this.#deaths.device] ?? 0;
    this.#deaths.device += 1;
    this.trial.note(`the device dies ${of}`);
    this.interrupted.push(...(this.#broker.dead ? ['device: broker away' as const] : this.#broker.lost()));
    this.#graves.push(dead);
    this.#link = null;
    await dead.ghosts.written();
    await pause(this.#over ? 0 : absenceMs);
    if (this.#closed) return;
    this.#life = this.#begin();
    this.trial.note('the device is back');
    if (this.#over) this.#life.spare();
    this.#connect();
  }
}
