import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../src/client/connect.ts';
import { dial } from '../../src/link/node/websocket.ts';
import type { Scope } from '../../src/protocol/shapes.ts';
import { hastyClock } from '../../src/testing/chaos-clock.ts';
import { keptInFile } from '../../src/testing/chaos-evidence.ts';
import type { Strange } from '../../src/testing/chaos-passers.ts';
import { type Random, seededRandom } from '../../src/testing/chaos-random.ts';
import { scheduleOf } from '../../src/testing/chaos-schedule.ts';
import { Trial } from '../../src/testing/chaos-trial.ts';
import {
  end,
  Farhand,
  type Message,
  type Running,
  type RunningBroker,
  type RunningClient,
} from './farhand.ts';
import { leftBehind } from './left-behind.ts';
import { type Blow, Striker } from './striker.ts';

/** Who is killed. */
export type Victim = 'runtime' | 'broker' | 'client' | 'all';

/** Clients need not wait a second to dial again. */
const haste = 8;
/** For what was parked when all is settled, such as an abort. */
const emptyWithinMs = 5_000;

/** The blows of a seed; some come while what was killed before starts again. */
export function brokerBlowsOf(seed: number): readonly Blow<Victim>[] {
  const random = seededRandom(seed + 7_000_000);
  return Array.from({ length: random.int(2, 4) }, (_, n): Blow<Victim> => {
    const atStart = n > 0 && random.chance(0.35);
    const weights = { tool_start: 6, text: 4, approval: 6, progress: 2, tool_end: 2, started: 4 };
    return {
      moment: atStart ? null : random.weighted(weights),
      afterMs: atStart ? random.int(0, 700) : random.pick([0, 0, 2, 5, 10, 25, 60, 120]),
      hit: random.weighted({ runtime: 4, broker: 5, client: 2, all: 2 }),
    };
  });
}

/** A schedule with a broker, a runtime and a client as processes, which are killed, and with clients that watch over sockets. */
export class BrokerTrial {
  readonly trial: Trial;
  readonly killed: Victim[] = [];
  readonly #seed: number;
  readonly #random: Random;
  readonly #farhand: Farhand;
  readonly #striker: Striker;
  #port = 0;
  #found: Awaited<RunningBroker['listening']> | null = null;
  #broker: RunningBroker | null = null;
  #runtime: Running | null = null;
  #client: RunningClient | null = null;
  #messages: readonly Message[] = [];
  #delivered: () => void = () => undefined;

  constructor(seed: number, modelUrl: string) {
    this.#seed = seed;
    this.#random = seededRandom(seed + 8_000_000);
    const id = randomBytes(6).toString('hex');
    this.#farhand = new Farhand(id, modelUrl);
    this.#striker = new Striker((what) => this.trial.note(what));
    this.trial = new Trial({
      id,
      schedule: scheduleOf(seed),
      random: this.#random,
      clock: hastyClock(haste),
      folder: this.#farhand.folder,
      relayed: true,
      connect: (client) => connect({ ...client, ...this.#at.client, openSocket: dial }),
      event: (text) => this.#striker.sighted(text),
    });
  }

  async run(): Promise<void> {
    this.#port = await freePort();
    await this.#startBroker();
    this.#runtime = await this.#farhand.remote(this.#at.device);
    const agent = await this.#runtime.connected;
    const striking = this.#striker.strike(brokerBlowsOf(this.#seed), (victim) => this.#kill(victim));
    const guests = [{ afterMs: this.#random.int(100, 1_500) }];
    await this.trial.play(agent, { guests, strangers: (scope) => this.#strangers(scope) });
    this.#striker.end();
    await striking;
    if (!this.killed.includes('broker')) await this.#kill('broker');
    await this.trial.end();
    await this.trial.judge(() => keptInFile(this.#farhand.database));
    const deadline = performance.now() + emptyWithinMs;
    while (this.#parked() > 0 && performance.now() < deadline) await pause(50);
    if (this.#parked() > 0) this.trial.break(`lost: ${this.#parked()} commands still wait at the broker`);
  }

  /** What the processes wrote on standard error. */
  get told(): string {
    return this.#farhand.told;
  }

  async close(): Promise<void> {
    this.trial.close();
    await this.#farhand.close();
  }

  get #at(): Awaited<RunningBroker['listening']> {
    if (!this.#found) throw new Error('the broker has not listened yet');
    return this.#found;
  }

  async #startBroker(): Promise<void> {
    this.#broker = await this.#farhand.serve(this.#port);
    this.#found ??= await this.#broker.listening;
  }

  /** One message of a process of its own, which lives until the device has it, however often it is killed. */
  #strangers(scope: Scope): readonly Strange[] {
    const message = { scope, key: 'cm-stranger', text: '#script=talk' };
    const delivered = new Promise<void>((resolve) => {
      this.#delivered = resolve;
    });
    this.#messages = [message];
    void this.#startClient();
    return [{ key: message.key, delivered }];
  }

  async #startClient(): Promise<void> {
    const client = await this.#farhand.send(this.#at.client, this.#messages);
    this.#client = client;
    client.said.then(this.#delivered, () => undefined);
  }

  async #kill(victim: Victim): Promise<void> {
    this.killed.push(victim);
    const dies = (who: Victim): boolean => victim === who || victim === 'all';
    const all = [
      dies('broker') && this.#broker,
      dies('runtime') && this.#runtime,
      dies('client') && this.#client,
    ];
    await Promise.all(all.map((one) => one && end(one.child, 'SIGKILL')));
    if (dies('runtime')) this.#look();
    const pauses = [this.#random.int(0, 80), this.#random.int(0, 400), this.#random.int(0, 80)] as const;
    await Promise.all([
      dies('broker') && pause(pauses[0]).then(() => this.#startBroker()),
      dies('runtime') && pause(pauses[1]).then(() => this.#startRuntime()),
      dies('client') && this.#messages.length > 0 && pause(pauses[2]).then(() => this.#startClient()),
    ]);
  }

  async #startRuntime(): Promise<void> {
    this.#runtime = await this.#farhand.remote(this.#at.device);
  }

  #look(): void {
    const { broken } = leftBehind(keptInFile(this.#farhand.database));
    for (const what of broken) this.trial.break(what);
  }

  /** How many commands the broker still holds. */
  #parked(): number {
    const db = new DatabaseSync(join(this.#farhand.brokerHome, 'broker.db'), { readOnly: true });
    try {
      return Number(db.prepare('SELECT count(*) AS n FROM parked').get()?.n);
    } finally {
      db.close();
    }
  }
}

/** A port that nobody has just now, for a broker that comes back to it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}
