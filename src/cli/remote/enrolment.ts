import { randomUUID } from 'node:crypto';
import type { Clock } from '../../link/clock.ts';
import { type DialFailure, isDialFailure } from '../../link/dial-failure.ts';
import { dial } from '../../link/node/websocket.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { sentence } from '../show/printable.ts';
import type { Endpoint } from './endpoint.ts';
import { brokerLease, directLease, type Lease } from './lease.ts';
import { type Registrant, register } from './register.ts';
import { dialSplit } from './split-socket.ts';

/** A failure that trying again would not mend. */
export type Refusal = DialFailure & { readonly final: Failure };

export const isRefusal = (result: DialFailure): result is Refusal => 'final' in result;

/** A lease that nobody answers on for so long is asked for again. */
const STALE_MS = 5 * 60_000;

export type EnrolmentOptions = {
  readonly endpoint: Endpoint;
  readonly registrant: Omit<Registrant, 'defaultAgentId'>;
  readonly clock: Clock;
  /** Gives up whatever is under way. */
  readonly signal: AbortSignal;
};

/** A runtime's standing at its endpoint: it asks for a lease, dials it, and knows from how that ends what to do next. */
export class Enrolment {
  readonly #options: EnrolmentOptions;
  #lease: Lease | null = null;
  /** The endpoint has taken us once: from then on no refusal is final. */
  #accepted = false;
  #failingSince: number | null = null;
  #mayAskAt = 0;
  #pairs = 0;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /** What the last connection was made with. */
  get lease(): Lease | null {
    return this.#lease;
  }

  /** Milliseconds for which the endpoint has asked to be left alone. */
  get restMs(): number {
    return Math.max(0, this.#mayAskAt - this.#options.clock.now());
  }

  /** A failure that is a `Refusal` is the end. */
  async connect(defaultAgentId: string | null): Promise<Pipe | DialFailure> {
    const { clock } = this.#options;
    if (this.#failingSince !== null && clock.now() - this.#failingSince >= STALE_MS) this.#ended(null);
    const lease = this.#lease ?? (await this.#enrol(defaultAgentId));
    const dialled = 'kind' in lease ? lease : await this.#dial(lease);
    if (isDialFailure(dialled)) this.#failingSince ??= clock.now();
    else this.#failingSince = null;
    return dialled;
  }

  /** The peer has said something. */
  heard(): void {
    this.#accepted = true;
  }

  /** Returns why it is over, if it is; else `connect` may be called again. */
  closed({ code, reason }: Closed): Failure | null {
    const { endpoint } = this.#options;
    if (code === 1000 && reason === 'Replaced by new connection') return replaced(endpoint);
    if (code === 1008 && !this.#accepted) {
      return denied(`${endpoint.base} closed the connection at once: ${reason || 'no reason given'}`);
    }
    // [REG-3] The lease is gone.
    this.#ended(code === 1008 ? null : this.#lease);
    return null;
  }

  #ended(lease: Lease | null): void {
    this.#lease = lease;
    this.#failingSince = this.#options.clock.now();
  }

  async #enrol(defaultAgentId: string | null): Promise<Lease | DialFailure> {
    const { endpoint, registrant } = this.#options;
    if (endpoint.direct) return this.#take(directLease(endpoint, registrant.identity));
    await this.#rest();
    const answer = await register(endpoint, { ...registrant, defaultAgentId }, this.#options);
    switch (answer.kind) {
      case 'registered': {
        const lease = this.#take(brokerLease(endpoint, registrant.identity, answer));
        this.#accepted = true;
        return lease;
      }
      case 'direct':
        return this.#take(directLease(endpoint, registrant.identity));
      case 'refused':
        return this.#refused(answer.status, `${endpoint.base} refused this device: ${answer.message}`);
      case 'retry':
        this.#mayAskAt = this.#options.clock.now() + answer.afterMs;
        return { kind: 'error', message: answer.message };
    }
  }

  async #dial(lease: Lease): Promise<Pipe | DialFailure> {
    const { endpoint, registrant } = this.#options;
    const dialled = await this.#reach(lease);
    if (!isDialFailure(dialled) || dialled.kind !== 'status') return dialled;
    const { status, message } = dialled;
    if (status === 426 && lease.mode === 'broker') {
      const direct = this.#take(directLease(endpoint, registrant.identity));
      return 'kind' in direct ? direct : this.#dial(direct);
    }
    // Who answers and does not know the lease will not know it later.
    if (status >= 400 && status < 500) this.#lease = null;
    return status === 401 || status === 403 ? this.#refused(status, message) : dialled;
  }

  #reach({ url, sockets }: Lease): Promise<Pipe | DialFailure> {
    const { endpoint, clock } = this.#options;
    const headers = endpoint.token === null ? {} : { authorization: `Bearer ${endpoint.token}` };
    const open = (place: string) => dial(place, { headers, clock });
    if (sockets === 'one') return open(url);
    const pairing = sockets === 'pair' ? { generation: randomUUID(), attempt: ++this.#pairs } : null;
    return dialSplit({ dial: open, url, clock, pairing });
  }

  #take(lease: Lease | Failure): Lease | DialFailure {
    if ('code' in lease) return this.#final({ kind: 'error', message: lease.message }, lease);
    this.#lease = lease;
    return lease;
  }

  #refused(status: number, message: string): DialFailure {
    const isDenied = status === 401 || status === 403;
    return this.#final({ kind: 'status', status, message }, isDenied ? denied(message) : misplaced(message));
  }

  #final(refused: DialFailure, final: Failure): DialFailure | Refusal {
    return this.#accepted ? refused : { ...refused, final };
  }

  #rest(): Promise<void> {
    const { clock, signal } = this.#options;
    const ms = this.restMs;
    if (ms === 0) return Promise.resolve();
    return new Promise((go) => {
      const timer = clock.after(ms, go);
      const stop = (): void => {
        timer.cancel();
        go();
      };
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** [REG-1] */
const denied = (message: string): Failure =>
  failure(
    'unauthorized',
    `${sentence(message)} Check the token: --token, FARHAND_TOKEN or LETTA_API_KEY must hold the one that the endpoint expects.`,
  );

const misplaced = (message: string): Failure =>
  failure(
    'unreachable',
    `${sentence(message)} Check the URL (--url, FARHAND_URL or LETTA_BASE_URL); to connect to a WebSocket server that takes no registrations, pass --direct.`,
  );

/** [REG-2] Coming back would take the place from the other again, and so on for ever. */
const replaced = ({ base }: Endpoint): Failure =>
  failure(
    'lease_lost',
    `Another runtime has taken this one's place at ${base}. End the other, then start this one again.`,
  );
