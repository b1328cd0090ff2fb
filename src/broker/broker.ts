import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import type { Durability } from '../sqlite/open.ts';
import type { BrokerEvent } from './log.ts';
import type { Registration } from './registry.ts';

export type BrokerOptions = {
  /** The folder of `broker.db` and `tokens.db`. */
  readonly home: string;
  readonly version: string;
  readonly clock: Clock;
  /** Structured log; never holds a token. */
  log(event: BrokerEvent): void;
  /** `http(s)://…` under which devices and clients reach this broker; default: the Host they came by, once checked. */
  readonly publicUrl?: string;
  /** Hosts besides loopback and that of `publicUrl`, and origins besides the broker's own, that are let in (SEC-10). */
  readonly allowHosts?: readonly string[];
  readonly allowOrigins?: readonly string[];
  /** Offer stock devices a second socket for their stream. Default false. */
  readonly splitChannels?: boolean;
  /** Default `power`. */
  readonly durability?: Durability;
};

export type Broker = {
  /** Answers a plain HTTP request. */
  fetch(request: Request): Response | Promise<Response>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The runtime inside this process, through the code that serves every other. Returns its lease. */
  attach(registration: Registration, pipe: Pipe): string;
  /** [LINK-5] Says goodbye to everyone with 1012, makes durable what was taken, closes the stores. */
  close(): Promise<void>;
};
