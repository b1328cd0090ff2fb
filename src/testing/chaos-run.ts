import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createClient } from '../client/client.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import type { Pipe } from '../link/pipe.ts';
import { scopeKey } from '../protocol/shapes.ts';
import { memoryHome } from '../store/memory-home.ts';
import { StoreError } from '../store/store.ts';
import { hastyClock } from './chaos-clock.ts';
import { keptInMemory } from './chaos-evidence.ts';
import { Life } from './chaos-life.ts';
import { type Random, seededRandom } from './chaos-random.ts';
import { type Life as Fate, type Schedule, scheduleOf } from './chaos-schedule.ts';
import { runVariable } from './chaos-survivors.ts';
import { Trial } from './chaos-trial.ts';
import { type Activity, Watch } from './chaos-watch.ts';

export type Outcome = {
  /** What broke the promise. */
  readonly broken: readonly string[];
  /** What happened, a line each. */
  readonly trace: readonly string[];
  readonly deaths: number;
  /** What deaths interrupted, each as often as it was. */
  readonly interrupted: readonly Activity[];
};

/** Waits of seconds, such as those between two attempts, take a twentieth of their time. */
const haste = 20;

/** Runs the schedule of a seed against a device on a store in memory, which dies and comes back, and says whether the promise held. */
export async function runSchedule(seed: number, modelUrl: string): Promise<Outcome> {
  const world = new World(scheduleOf(seed), modelUrl);
  try {
    await world.run();
  } finally {
    await world.close();
  }
  const { trial, deaths, interrupted } = world;
  return { broken: trial.broken, trace: trial.trace, deaths, interrupted };
}

class World {
  readonly trial: Trial;
  readonly interrupted: Activity[] = [];
  deaths = 0;
  readonly #id = randomBytes(6).toString('hex');
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #modelUrl: string;
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-chaos-')));
  readonly #disk = memoryHome();
  readonly #clock = hastyClock(haste);
  readonly #watch = new Watch();
  readonly #graves: Life[] = [];
  #life: Life;
  /** Whoever begins now lives on. */
  #over = false;
  #closed = false;

  constructor(schedule: Schedule, modelUrl: string) {
    this.#schedule = schedule;
    this.#random = seededRandom(schedule.seed + 1_000_000);
    this.#modelUrl = modelUrl;
    this.trial = new Trial({
      id: this.#id,
      schedule,
      random: this.#random,
      clock: this.#clock,
      folder: this.#folder,
      connect: (options) => createClient({ ...options, open: async () => this.#open() }),
    });
    this.#life = this.#begin();
  }

  async run(): Promise<void> {
    await this.trial.play(this.#life.device.defaultAgent());
    if (this.deaths === 0) this.#life.die('at rest');
    this.#over = true;
    this.#life.spare();
    await this.trial.end();
    await this.trial.judge(() => keptInMemory(this.#disk));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.trial.close();
    if (!this.#life.dead) await this.#life.close();
    for (const life of this.#graves) await life.ghosts.bury();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): Pipe | DialFailure {
    return this.#life.dead ? { kind: 'refused', message: 'the device is dead' } : this.#life.open();
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
      fate: (!this.#over && this.#schedule.lives[this.deaths]) || none,
      committed: (batch) => {
        for (const what of this.#watch.committed(batch)) this.trial.break(what);
      },
      died: (of) => void this.#rise(life, of),
      trouble: (what, error) => {
        // The disk was to be full.
        if (error instanceof StoreError && error.code === 'store_full') return;
        this.trial.break(`lost: the device is in trouble: ${what}: ${error}`);
      },
    });
    return life;
  }

  async #rise(dead: Life, of: string): Promise<void> {
    this.deaths += 1;
    this.trial.note(`the device dies ${of}`);
    this.interrupted.push(...this.#watch.activity());
    this.trial.owe(this.#watch.pending());
    this.#graves.push(dead);
    await dead.ghosts.written();
    await pause(this.#random.int(0, 25));
    if (this.#closed) return;
    this.#life = this.#begin();
    this.trial.note('the device is back');
    for (const { scope, state } of this.#life.device.conversations.opened()) {
      const durable = this.#watch.state(scopeKey(scope));
      if (isDeepStrictEqual(state, durable)) continue;
      this.trial.break(`lost: it begins with ${JSON.stringify(state)} instead of ${JSON.stringify(durable)}`);
    }
  }
}
