import { type Clock, systemClock } from '../link/clock.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import { keepAlive } from '../link/keep-alive.ts';
import { parseTrusted } from '../link/parse-trusted.ts';
import type { Closed, Pipe } from '../link/pipe.ts';
import { keepConnected, type Retry } from '../link/reconnect.ts';
import { type Failure, failure, isErrorCode } from '../protocol/errors.ts';
import type { CommandArgs, CommandType, Frame } from '../protocol/frames.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import { type CallResult, Calls } from './calls.ts';
import { type Cursor, type Follower, type FollowHandlers, Following } from './follower.ts';
import { memoryOutbox, type Outbox } from './outbox.ts';
import { Sending, type SendResult, type Until } from './sending.ts';

export type ClientOptions = {
  /** One attempt to connect; called again, ever further apart (at most 30 s), for as long as the client lives. */
  open(): Promise<Pipe | DialFailure>;
  /** True ends the attempts for good, say after a refused token. Default: nothing does. */
  fatal?(failure: DialFailure): boolean;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** How this program is called, told to the other side. */
  readonly name?: string;
  /** Mints ids that are never used again; at least 128 random bits. */
  readonly mint?: () => string;
  /** In [0, 1), spreads the attempts of many clients. */
  readonly random?: () => number;
  /** Default: in memory. */
  readonly outbox?: Outbox;
  /** Told whenever `state()` changes. */
  onState?(state: ClientState): void;
  /** What no caller is there to hear: errors that answer no command, an outbox that fails. */
  onTrouble?(failure: Failure): void;
};

export type ClientState = {
  readonly online: boolean;
  /** What the other side said of itself; null before, and where it knows no `client_hello`. */
  readonly peer: { readonly version: string; readonly features: readonly string[] } | null;
  /** The last thing that went wrong with the connection; null while it is up. */
  readonly offline: { readonly why: string; readonly retry: Retry | null } | null;
};

export type SendOptions = {
  /** Default: the message's own, else a fresh one. The same id again is the same message (IN-1). */
  readonly client_message_id?: string;
  /** Default `accepted`. */
  readonly until?: Until;
};

export type Message = Readonly<Record<string, unknown>>;
export type Decision =
  | {
      readonly behavior: 'allow';
      readonly message?: string;
      readonly updated_input?: Record<string, unknown> | null;
    }
  | { readonly behavior: 'deny'; readonly message: string };

/** A connection to a device that outlives its sockets. Nothing here throws or rejects: failures are values. */
export type Client = {
  /**
   * Gives one command. Sent at once, or when there is a connection. Failures: `unreachable` (never sent), `deadline` (outcome unknown),
   * whatever the device says. What only looks is sent again after a lost connection.
   */
  call<T extends CommandType>(type: T, args: CommandArgs<T>): Promise<CallResult<T>>;
  /**
   * Tells everything that happens in a conversation, from a cursor or from `start`; `now` (the default) begins with how things are.
   */
  follow(scope: Scope, handlers: FollowHandlers, from?: Cursor | 'start' | 'now'): Follower;
  /** Sends a message, again and again until the other side has it. Resolves then, or when its turn has ended. */
  send(scope: Scope, content: string | readonly Message[], options?: SendOptions): Promise<SendResult>;
  /** Answers a tool request. `input_hash` binds the answer to the input that was shown. */
  decide(
    scope: Scope,
    requestId: string,
    decision: Decision,
    inputHash?: string,
  ): Promise<CallResult<'input'>>;
  /** Stops the turn that runs now, or only that of the run. */
  abort(scope: Scope, runId?: string): Promise<CallResult<'abort_message'>>;
  state(): ClientState;
  /** Ends everything that waits; what is not delivered stays in the outbox. */
  close(): void;
};

/** The extensions that this client makes use of. */
const features = ['cursors', 'receipts', 'input_hash'];

const OFFLINE: ClientState = {
  online: false,
  peer: null,
  offline: { why: 'not connected yet', retry: null },
};

/** Connects, and stays connected until closed. */
export function createClient(options: ClientOptions): Client {
  const {
    clock = systemClock,
    mint = randomId,
    random = Math.random,
    outbox = memoryOutbox(),
    name,
  } = options;
  const trouble = (why: Failure): void => options.onTrouble?.(why);
  const prefix = mint();
  const followers = new Map<string, Set<Following>>();
  let pipe: Pipe | null = null;
  let state = OFFLINE;
  let minted = 0;
  let closed = false;

  const calls = new Calls({
    clock,
    mint: () => `${prefix}-${++minted}`,
    send(text) {
      pipe?.send(text);
      return pipe !== null;
    },
  });
  const sending = new Sending({ calls, clock, outbox, trouble });
  const everyFollower = (): Following[] => [...followers.values()].flatMap((set) => [...set]);

  function change(next: ClientState): void {
    state = next;
    options.onState?.(next);
  }

  function up(fresh: Pipe): void {
    const life = keepAlive({
      clock,
      probe: () => fresh.send('{"type":"ping"}'),
      dead: (silentMs) => fresh.close(1006, `nothing heard for ${Math.round(silentMs / 1000)} s`),
    });
    fresh.listen({
      message(text) {
        life.heard();
        const frame = parseTrusted(text);
        if (frame) hear(frame);
        else fresh.close(1007, 'the peer sent something that is no frame');
      },
      closed: life.stop,
    });
    pipe = fresh;
    change({ online: true, peer: null, offline: null });
    greet();
    for (const follower of everyFollower()) follower.up();
    sending.up();
    calls.up();
  }

  function greet(): void {
    calls.start(
      'client_hello',
      { features, ...(name !== undefined && { name }) },
      (result) => {
        // A peer of another make does not know the word, and nothing follows from that.
        if (result.ok && pipe)
          change({ ...state, peer: { version: result.value.version, features: result.value.features } });
      },
      { once: true },
    );
  }

  function down(why: Closed): void {
    pipe = null;
    change({
      online: false,
      peer: null,
      offline: { why: why.reason || `closed with ${why.code}`, retry: null },
    });
    for (const follower of everyFollower()) follower.down();
    sending.down();
    calls.down();
  }

  function hear(frame: Frame): void {
    if (calls.answer(frame)) return;
    if (frame.type === 'error') return trouble(errorOf(frame));
    const scope = scopeOf(frame.runtime);
    if (!scope) return;
    if (frame.type === 'input_receipt') sending.hear(frame);
    for (const follower of [...(followers.get(scopeKey(scope)) ?? [])]) follower.hear(frame);
  }

  function follow(scope: Scope, handlers: FollowHandlers, from: Cursor | 'start' | 'now' = 'now'): Follower {
    const start = from === 'start' ? { log_id: null, after_event_seq: 0 } : from === 'now' ? null : from;
    const follower = new Following(scope, handlers, start, calls, clock);
    const key = scopeKey(scope);
    const beside = followers.get(key) ?? new Set();
    followers.set(key, beside.add(follower));
    if (pipe) follower.up();
    return {
      get cursor() {
        return follower.cursor;
      },
      stop() {
        follower.stop();
        beside.delete(follower);
        if (beside.size === 0 && followers.get(key) === beside) followers.delete(key);
      },
    };
  }

  const connection = keepConnected({
    open: options.open,
    onUp: up,
    onDown: down,
    onRetry: (retry) =>
      change({ ...state, offline: { why: retry.failure?.message ?? state.offline?.why ?? '', retry } }),
    ...(options.fatal && { fatal: options.fatal }),
    clock,
    random,
  });
  void sending.resume();

  return {
    call: (type, args) => calls.call(type, args),
    follow,
    send: (scope, content, { client_message_id, until = 'accepted' } = {}) =>
      sending.send(outgoingOf(scope, content, client_message_id, mint), until),
    decide: (scope, requestId, decision, inputHash) =>
      calls.call('input', {
        runtime: { ...scope },
        payload: {
          kind: 'approval_response',
          request_id: requestId,
          decision,
          ...(inputHash !== undefined && { input_hash: inputHash }),
        },
      }),
    abort: (scope, runId) =>
      calls.call('abort_message', { runtime: { ...scope }, ...(runId !== undefined && { run_id: runId }) }),
    state: () => state,
    close() {
      if (closed) return;
      closed = true;
      connection.stop();
      for (const follower of everyFollower()) follower.stop();
      followers.clear();
      sending.close();
      calls.close();
    },
  };
}

/** The message as it is sent: its first part with content bears the id, wherever that comes from. */
function outgoingOf(
  scope: Scope,
  content: string | readonly Message[],
  id: string | undefined,
  mint: () => string,
) {
  const messages = typeof content === 'string' ? [{ role: 'user', content }] : content;
  const first = messages.findIndex((message) => message.content !== undefined);
  const own = messages[first]?.client_message_id;
  const client_message_id = id ?? (typeof own === 'string' && own !== '' ? own : `cm-${mint()}`);
  const { agent_id, conversation_id } = scope;
  return {
    scope: { agent_id, conversation_id },
    client_message_id,
    messages: messages.map((message, n) => (n === first ? { ...message, client_message_id } : message)),
  };
}

function errorOf({ code, message }: Frame): Failure {
  const known = typeof code === 'string' && isErrorCode(code) ? code : 'internal';
  return failure(
    known,
    typeof message === 'string' ? message : 'The peer reported an error without a message.',
  );
}

/** `crypto.randomUUID` is missing on pages without TLS. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
