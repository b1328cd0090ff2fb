import type { Client, ClientOptions } from '../client/client.ts';
import type { Follower } from '../client/follower.ts';
import { emptyTranscript, fold, type Transcript } from '../client/transcript.ts';
import type { Clock } from '../link/clock.ts';
import type { Frame } from '../protocol/frames.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import { passing } from './chaos-drive.ts';
import type { Told } from './chaos-promise.ts';

/** A conversation as one client has it. */
export type View = {
  readonly scope: Scope;
  readonly told: Told;
  readonly follower: Follower;
  transcript: Transcript;
  /** Caught up with the owner there is now. */
  synced: boolean;
  /** How often it was said how the loop stands. */
  stated: number;
};

export type ChaosClient = {
  readonly client: Client;
  /** By `scopeKey`. */
  readonly views: ReadonlyMap<string, View>;
  /** Resolves as soon as `look` gives something, which is tried whenever anything is heard; null after `ms`. */
  until<T>(look: () => T | null | undefined | false, ms: number): Promise<T | null>;
  /** Something that `until` may wait for has changed elsewhere. */
  noticed(): void;
  close(): void;
};

/** A client of whatever there is to talk to now, again and again. */
export type Connect = (options: Omit<ClientOptions, 'open' | 'fatal'>) => Client;

export type ChaosClientOptions = {
  readonly scopes: readonly Scope[];
  readonly clock: Clock;
  readonly connect: Connect;
  /** A connection has caught up with a conversation. */
  synced?(view: View): void;
  /** Something has changed in a conversation. */
  changed?(view: View): void;
  /** A stored event was told. */
  event?(text: string): void;
  /** Something that a sound device never does to a client. */
  trouble(what: string): void;
};

/** The real client, and a record of all that it was told. */
export function chaosClient(options: ChaosClientOptions): ChaosClient {
  const { scopes, clock, connect, synced, changed, event, trouble } = options;
  const looks = new Set<() => void>();
  const client = connect({
    clock,
    random: () => 0,
    // A full disk is in the schedule, and so is a device that is away; what has no reply says so in a frame of its own.
    onTrouble: ({ code, message }) => {
      if (!passing.includes(code)) trouble(`story: a client was told: ${message}`);
    },
  });
  const views = new Map(scopes.map((scope) => [scopeKey(scope), viewOf(scope)]));

  function noticed(): void {
    for (const look of looks) look();
  }

  function viewOf(scope: Scope): View {
    const told: Told = { events: [], gaps: [], receipts: [], resets: 0 };
    const heard = (change: () => void): void => {
      change();
      changed?.(view);
      noticed();
    };
    const take = (frame: Frame): void => {
      view.transcript = fold(view.transcript, frame);
      if (frame.type === 'update_loop_status') view.stated += 1;
    };
    const follower = client.follow(
      scope,
      {
        event: (frame) =>
          heard(() => {
            // A broker's number is no part of the event.
            const { seq: _, ...stored } = frame;
            const text = JSON.stringify(stored);
            told.events.push({ event_seq: Number(frame.event_seq), text });
            take(frame);
            event?.(text);
          }),
        snapshot: (frame) => heard(() => take(frame)),
        receipt: ({ client_message_id: key, state, code, authority }) =>
          heard(() => {
            // That one is about another message, which came under an id that was taken.
            if (code !== 'idempotency_conflict')
              told.receipts.push({ key: String(key), state: String(state), by: String(authority) });
          }),
        gap: (gap) => heard(() => told.gaps.push(gap)),
        reset: () => heard(() => (told.resets += 1)),
        synced: () =>
          heard(() => {
            view.synced = true;
            synced?.(view);
          }),
        failed: ({ message }) => trouble(`story: a client cannot follow: ${message}`),
        offline: () => heard(() => (view.synced = false)),
      },
      'start',
    );
    const view: View = { scope, told, follower, transcript: emptyTranscript, synced: false, stated: 0 };
    return view;
  }

  return {
    client,
    views,
    until: (look, ms) =>
      new Promise((resolve) => {
        const end = (found: ReturnType<typeof look> | null) => {
          clearTimeout(timer);
          looks.delete(attempt);
          resolve(found || null);
        };
        const attempt = () => {
          const found = look();
          if (found) end(found);
        };
        const timer = setTimeout(() => end(null), ms);
        looks.add(attempt);
        attempt();
      }),
    noticed,
    close: () => client.close(),
  };
}
