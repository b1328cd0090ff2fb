import type { Retry } from '../link/reconnect.ts';
import type { Frame } from '../protocol/frames.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import { recordOf, textOf } from './loose.ts';

/** Times are milliseconds since the epoch by this machine's clock, null where nothing was heard yet. */
export type ClientState = {
  /** The other end of the connection: a broker, an app-server, the owner of a home. */
  readonly broker: {
    readonly online: boolean;
    /** Since when it is so. */
    readonly since: number;
    readonly lastSeen: number | null;
    /** What it said of itself; null before, and where it knows no `client_hello`. */
    readonly peer: { readonly version: string; readonly features: readonly string[] } | null;
    /** The last thing that went wrong with the connection, and when it is tried again; null while it is up. */
    readonly why: string | null;
    readonly retry: Retry | null;
  };
  /** The machine that the agents run on. */
  readonly device: {
    /** Null: nobody says, as when the connection is down. */
    readonly online: boolean | null;
    readonly since: number | null;
    readonly lastSeen: number | null;
    readonly name: string | null;
    /** Its default agent, where a broker tells. */
    readonly agentId: string | null;
  };
  readonly model: {
    /** The longest wait for a model in any conversation that is followed. */
    readonly waiting_for: WaitingFor | null;
    /** A model's last words. */
    readonly lastSeen: number | null;
  };
};

export type WaitingFor = { readonly kind: string; readonly since: number; readonly detail: string };
/** What is known of a device without asking it. */
export type DeviceSeen = Partial<ClientState['device']>;

const words: ReadonlySet<string> = new Set([
  'assistant_message',
  'reasoning_message',
  'tool_call_message',
  'approval_request_message',
  'usage_statistics',
]);

/** What a person can be shown of the way to the model, each part with its last sign of life. */
export class Standing {
  readonly #now: () => number;
  readonly #changed: (state: ClientState) => void;
  #broker: Omit<ClientState['broker'], 'lastSeen'>;
  #device: Omit<ClientState['device'], 'lastSeen'> = { online: null, since: null, name: null, agentId: null };
  /** A broker tells itself whether the device is there; what else says so is older. */
  #presence = false;
  readonly #waits = new Map<string, WaitingFor>();
  #brokerSeen: number | null = null;
  #deviceSeen: number | null = null;
  #modelSeen: number | null = null;

  constructor(now: () => number, changed: (state: ClientState) => void) {
    this.#now = now;
    this.#changed = changed;
    this.#broker = { online: false, since: now(), peer: null, why: 'not connected yet', retry: null };
  }

  get value(): ClientState {
    return {
      broker: { ...this.#broker, lastSeen: this.#brokerSeen },
      device: { ...this.#device, lastSeen: this.#deviceSeen },
      model: { waiting_for: this.#longest(), lastSeen: this.#modelSeen },
    };
  }

  get deviceOnline(): boolean | null {
    return this.#device.online;
  }

  up(): void {
    this.#presence = false;
    this.#broker = { online: true, since: this.#now(), peer: null, why: null, retry: null };
    this.#tell();
  }

  peer(peer: ClientState['broker']['peer']): void {
    this.#broker = { ...this.#broker, peer };
    this.#tell();
  }

  down(why: string): void {
    const now = this.#now();
    this.#broker = { online: false, since: now, peer: null, why, retry: null };
    if (this.#device.online !== null) this.#device = { ...this.#device, online: null, since: now };
    this.#tell();
  }

  /** Another attempt follows, or, without a retry, none. */
  failed(why: string | null, retry: Retry | null): void {
    this.#broker = { ...this.#broker, why: why ?? this.#broker.why, retry };
    this.#tell();
  }

  device({ online = null, since, lastSeen, name, agentId }: DeviceSeen): void {
    const before = this.#device;
    this.#deviceSeen = latest(this.#deviceSeen, lastSeen ?? null);
    const changed = online !== before.online;
    this.#device = {
      online,
      since: since ?? (changed ? this.#now() : before.since),
      name: name ?? before.name,
      agentId: agentId ?? before.agentId,
    };
    if (changed || this.#device.name !== before.name) this.#tell();
  }

  heard(frame: Frame, scope: Scope | null): void {
    const now = this.#now();
    this.#brokerSeen = now;
    if (frame.type === 'device_presence') return this.#present(frame);
    // A record's own time: it may be told long after, by a broker whose device is away.
    const at =
      typeof frame.emitted_at === 'string' ? Math.min(now, Date.parse(frame.emitted_at)) : Number.NaN;
    if (!Number.isNaN(at) && frame.snapshot !== true) this.#deviceSeen = latest(this.#deviceSeen, at);
    switch (frame.type) {
      case 'stream_delta':
        if (words.has(textOf(recordOf(frame.delta).message_type)))
          this.#modelSeen = latest(this.#modelSeen, Number.isNaN(at) ? now : at);
        return;
      case 'update_loop_status':
        return scope ? this.#waitsFor(scopeKey(scope), recordOf(frame.loop_status).waiting_for) : undefined;
      case 'update_device_status': {
        const { is_online: online } = recordOf(frame.device_status);
        if (!this.#presence && frame.snapshot === true && typeof online === 'boolean')
          this.device({ ...(online && { lastSeen: now }), online });
      }
    }
  }

  #present({ online, since, last_seen, connection_name }: Frame): void {
    this.#presence = true;
    this.device({
      online: online === true,
      ...(typeof since === 'number' && { since }),
      lastSeen: online === true ? this.#now() : typeof last_seen === 'number' ? last_seen : null,
      ...(typeof connection_name === 'string' && { name: connection_name }),
    });
  }

  #waitsFor(key: string, told: unknown): void {
    const { kind, since, detail } = recordOf(told);
    const before = this.#longest();
    if (kind === 'model' && typeof since === 'number')
      this.#waits.set(key, { kind, since, detail: textOf(detail) });
    else this.#waits.delete(key);
    if (this.#longest()?.since !== before?.since) this.#tell();
  }

  #longest(): WaitingFor | null {
    let longest: WaitingFor | null = null;
    for (const one of this.#waits.values()) if (!longest || one.since < longest.since) longest = one;
    return longest;
  }

  #tell(): void {
    this.#changed(this.value);
  }
}

const latest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
