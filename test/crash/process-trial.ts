import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { emptyTranscript, fold } from '../../src/client/transcript.ts';
import { apply } from '../../src/core/apply.ts';
import { initialState, type State } from '../../src/core/state.ts';
import { pendingRequests } from '../../src/core/status.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import { hastyClock } from '../../src/testing/chaos-clock.ts';
import { type KeptByScope, keptInFile } from '../../src/testing/chaos-evidence.ts';
import { untold } from '../../src/testing/chaos-promise.ts';
import { type Random, seededRandom } from '../../src/testing/chaos-random.ts';
import { moments, type Schedule } from '../../src/testing/chaos-schedule.ts';
import { Trial } from '../../src/testing/chaos-trial.ts';
import { end, Farhand, type Running, type Server } from './farhand.ts';

/** What befalls the owner of the home, or somebody else. */
export type Blow = {
  /** It comes so long after a client was told that, or when it was not for long; null: after the blow before it. */
  readonly moment: keyof typeof moments | null;
  readonly afterMs: number;
  readonly hit: 'SIGKILL' | 'SIGTERM' | (() => Promise<void>);
};

/** Clients need not wait a second to dial again. */
const haste = 8;
const patienceMs = 2_000;

/** The blows of a seed; some of them come while the program starts. */
export function blowsOf(seed: number): readonly Blow[] {
  const random = seededRandom(seed + 2_000_000);
  return Array.from({ length: random.int(2, 4) }, (_, n): Blow => {
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
  readonly blows: readonly Blow[];
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
  #members: readonly Running[] = [];
  #sighted: (text: string) => void = () => undefined;
  #deaths = 0;
  #over = false;

  constructor(options: ProcessTrialOptions) {
    this.#options = options;
    this.#random = seededRandom(options.schedule.seed + 3_000_000);
    const id = randomBytes(6).toString('hex');
    this.#farhand = new Farhand(id, options.modelUrl);
    this.trial = new Trial({
      id,
      schedule: options.schedule,
      random: this.#random,
      clock: hastyClock(haste),
      folder: this.#farhand.folder,
      open: () => this.#farhand.open(),
      event: (text) => this.#sighted(text),
    });
  }

  async run(): Promise<void> {
    const { blows, servers } = this.#options;
    const running = await Promise.all(servers.map((server) => this.#start(server)));
    const [agent] = await Promise.all(running.map(({ connected }) => connected));
    const striking = this.#strikeAll(blows);
    await this.trial.play(agent ?? '');
    this.#over = true;
    this.#sighted('');
    await striking;
    if (this.#deaths === 0) await this.#strike('SIGKILL');
    await this.trial.end();
    for (const { child } of this.#members) await end(child, 'SIGKILL');
    this.trial.judge(keptInFile(this.#farhand.database));
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

  async #strikeAll(blows: readonly Blow[]): Promise<void> {
    for (const { moment, afterMs, hit } of blows) {
      if (moment) await this.#sight(moments[moment]);
      if (this.#over) return;
      await pause(afterMs);
      this.trial.note(
        `${typeof hit === 'string' ? hit : 'a blow'} ${afterMs} ms after ${moment ?? 'the last one'}`,
      );
      if (typeof hit === 'string') await this.#strike(hit);
      else await hit();
    }
  }

  /** Until a client is told something like it, or for long enough. */
  #sight(pattern: string): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#sighted = (text) => {
        if (!this.#over && !text.includes(pattern)) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #strike(signal: NodeJS.Signals): Promise<void> {
    this.#deaths += 1;
    const owner = this.#farhand.ownerAmong(this.#members);
    if (owner) await end(owner.child, signal);
    this.#members = this.#members.filter((one) => one !== owner);
    // Where another process owns the home now, its file is not to be looked at.
    if (this.#members.length > 0) return;
    this.#lookAt(keptInFile(this.#farhand.database));
    await pause(this.#random.int(0, 60));
    const [server] = this.#options.servers;
    if (server) await this.#start(server);
  }

  /** What a dead owner left: what waited was told, and waits still. */
  #lookAt(kept: KeptByScope): void {
    const states = new Map<string, State>();
    for (const [key, { facts, events }] of kept) {
      const state = facts.reduce(apply, initialState);
      states.set(key, state);
      const frames = events.map(({ text }): Frame => JSON.parse(text));
      const { loop, queue } = frames.reduce(fold, emptyTranscript);
      for (const what of untold(state, loop, queue)) this.trial.break(what);
    }
    const pending = [...states].map(
      ([key, state]) => [key, pendingRequests(state).map(({ request_id }) => request_id)] as const,
    );
    this.trial.owe(new Map(pending));
  }
}
