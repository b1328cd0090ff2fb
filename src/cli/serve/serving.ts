import { type Broker, createBroker } from '../../broker/broker.ts';
import type { BrokerEvent } from '../../broker/log.ts';
import { openTokens } from '../../broker/store/sqlite-tokens.ts';
import { systemClock } from '../../link/clock.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { ulid } from '../../runtime/ulid.ts';
import type { Member } from '../home/member.ts';
import type { HomePaths } from '../home/paths.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { readIdentity } from '../remote/identity.ts';
import { printable } from '../show/printable.ts';
import { joinHome } from '../talk/attach.ts';
import { readHomeFile } from '../talk/home-file.ts';
import { leave } from '../talk/leave.ts';
import { version } from '../version.ts';
import type { Announced } from './announce.ts';
import { askHome, type Embedded, embed } from './embedded.ts';
import { type Listening, listen } from './listen.ts';
import type { ServeSettings } from './settings.ts';
import { type HomeTokens, homeTokens } from './token-files.ts';

export type ServeOptions = {
  readonly settings: ServeSettings;
  readonly paths: HomePaths;
  readonly io: Io;
  log(event: BrokerEvent): void;
};

/** A broker, its HTTP server, and the agents of this machine in it. */
export class Serving {
  readonly #options: ServeOptions;
  #broker: Broker | null = null;
  #listening: Listening | null = null;
  #member: Member | null = null;
  #runtime: Embedded | null = null;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  /** After a failure `stop` is to be called just the same. @throws StoreError when the home's files cannot be opened. */
  async start(): Promise<Announced | Failure> {
    const { settings, paths, log } = this.#options;
    const { home } = paths;
    const { publicUrl, allowHosts, allowOrigins } = settings;
    const mint = () => ulid(systemClock.now());
    const bounds = { publicUrl, allowHosts, allowOrigins };
    const broker = createBroker({ home, version, clock: systemClock, mint, log, ...bounds });
    this.#broker = broker;
    const listening = await listen(broker, settings);
    if ('code' in listening) return listening;
    this.#listening = listening;
    // Not before: the start that makes them is the one that shows them.
    const tokens = readTokens(paths);
    if ('code' in tokens) return tokens;
    const agentId = settings.runtime ? await this.#bringIn(broker) : null;
    if (typeof agentId === 'object' && agentId !== null) return agentId;
    const { url: nearUrl } = listening;
    const farUrl = publicUrl ?? listening.farUrl;
    return { url: publicUrl ?? nearUrl, farUrl, nearUrl, home, tokens, agentId };
  }

  /** [LINK-5] Everyone is told first; tools that run here are waited for, and till then the server says that it is going. */
  async stop(hurried: AbortSignal): Promise<void> {
    const closed = this.#broker?.close();
    this.#runtime?.stop();
    await closed;
    if (this.#member) await leave({ member: this.#member }, this.#options.io, hurried);
    this.#listening?.close();
  }

  /** The agents of this machine. Gives the default one. */
  async #bringIn(broker: Broker): Promise<string | null | Failure> {
    const { settings, paths, io } = this.#options;
    const member = await joinHome(io);
    if ('code' in member) return member;
    this.#member = member;
    const file = readHomeFile(paths);
    if (file && 'code' in file) return file;
    if (!file?.deviceId) return failure('store_failed', `${paths.database} has no device id. Start again.`);
    const identity = readIdentity(io.env, file.deviceId);
    if ('code' in identity) return identity;
    const facts = await askHome(member, version);
    if ('code' in facts) return facts;
    const runtime = embed({
      broker,
      member,
      identity,
      name: settings.name,
      metadata: facts.metadata,
      clock: systemClock,
      random: Math.random,
      trouble: (message) => note(io, errStyle(io).yellow(`farhand: ${printable(message)}`)),
    });
    if ('code' in runtime) return runtime;
    this.#runtime = runtime;
    await runtime.ready;
    return facts.agentId;
  }
}

function readTokens({ home }: HomePaths): HomeTokens | Failure {
  const tokens = openTokens(home);
  try {
    return homeTokens(home, tokens, systemClock.now());
  } finally {
    tokens.close();
  }
}
