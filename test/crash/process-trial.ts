import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '../../src/client/client.ts';
import { hastyClock } from '../../src/testing/chaos-clock.ts';
import { keptInFile } from '../../src/testing/chaos-evidence.ts';
import { type Random, seededRandom } from '../../src/testing/chaos-random.ts';
import type { Schedule } from '../../src/testing/chaos-schedule.ts';
import { Trial } from '../../src/testing/chaos-trial.ts';
import { end, Farhand, type Running, type Server } from './farhand.ts';
import { leftBehind } from './left-behind.ts';
import { type Blow, Striker } from './striker.ts';

/** To the owner of the home, or something else that happens. */
export type Hit = 'SIGKILL' | 'SIGTERM' | (() => Promise<void>);

/** Clients need not wait a second to dial again. */
const haste = 8;

/** The blows of a seed; some of them come while the program starts. */
export function blowsOf(seed: number): readonly Blow<Hit>[] {
  const random = seededRandom(seed + 2_000_000);
  return Array.from({ length: random.int(2, 4) }, (_, n): Blow<Hit> => {
    const atStart = n > 0 && random.chance(0.3);
    const weights = { tool_start: 8, text: 4, approval: 4, progress: 2, tool_end: 2, started: 2 };
    return {
      moment: atStart ? null : random.weighted(weights),
      afterMs: atStart ? random.int(0, 400) : random.pick([0, 2, 5, 10, 25, 60, 120, 250]),
      hit: 'SIGKILL',
    };
  });
}

export type ProcessTrialOptions = {
  readonly schedule: Schedule;
  readonly blows: readonly Blow<Hit>[];
  /** One for each process that is on the home at the same time; they take over from each other. */
  readonly servers: readonly Server[];
  readonly modelUrl: string;
};

/** A schedule with the program's own processes on a home on disk. */
export class ProcessTrial {
  readonly trial: Trial;
  readonly #options: ProcessTrialOptions;
  readonly #random: Random;
  readonly #farhand: Farhand;
  readonly #striker: Striker;
  #members: readonly Running[] = [];
  #deaths = 0;

  constructor(options: ProcessTrialOptions) {
    this.#options = options;
    this.#random = seededRandom(options.schedule.seed + 3_000_000);
    const id = randomBytes(6).toString('hex');
    this.#farhand = new Farhand(id, options.modelUrl);
    this.#striker = new Striker((what) => this.trial.note(what));
    this.trial = new Trial({
      id,
      schedule: options.schedule,
      random: this.#random,
      clock: hastyClock(haste),
      folder: this.#farhand.folder,
      connect: (client) => createClient({ ...client, open: () => this.#farhand.open() }),
      event: (text) => this.#striker.sighted(text),
    });
  }

  async run(): Promise<void> {
    const { blows, servers } = this.#options;
    const running = await Promise.all(servers.map((server) => this.#start(server)));
    const [agent] = await Promise.all(running.map(({ connected }) => connected));
    const striking = this.#striker.strike(blows, (hit) =>
      typeof hit === 'string' ? this.#strike(hit) : hit(),
    );
    await this.trial.play(agent ?? '');
    this.#striker.end();
    await striking;
    if (this.#deaths === 0) await this.#strike('SIGKILL');
    await this.trial.end();
    for (const { child } of this.#members) await end(child, 'SIGKILL');
    await this.trial.judge(() => keptInFile(this.#farhand.database));
  }

  async close(): Promise<void> {
    this.trial.close();
    await this.#farhand.close();
  }

  async #start(server: Server): Promise<Running> {
    const running = await this.#farhand.remote(server);
    this.#members = [...this.#members, running];
    return running;
  }

  async #strike(signal: NodeJS.Signals): Promise<void> {
    this.#deaths += 1;
    const owner = this.#farhand.ownerAmong(this.#members);
    if (owner) await end(owner.child, signal);
    this.#members = this.#members.filter((one) => one !== owner);
    // Where another process owns the home now, its file is not to be looked at.
    if (this.#members.length > 0) return;
    const { broken, pending } = leftBehind(keptInFile(this.#farhand.database));
    for (const what of broken) this.trial.break(what);
    this.trial.owe(pending);
    await pause(this.#random.int(0, 60));
    const [server] = this.#options.servers;
    if (server) await this.#start(server);
  }
}
