import { type Clock, systemClock } from '../link/clock.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import { keepAlive } from '../link/keep-alive.ts';
import { parseTrusted } from '../link/parse-trusted.ts';
import type { Closed, Pipe } from '../link/pipe.ts';
import { keepConnected } from '../link/reconnect.ts';
import { type Failure, failure, isErrorCode } from '../protocol/errors.ts';
import type { CommandArgs, CommandType, Frame } from '../protocol/frames.ts';
import { routeOf } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import { type CallResult, Calls } from './calls.ts';
import { type Cursor, type Follower, type FollowHandlers, Following } from './follower.ts';
import { type Message, memoryOutbox, type Outbox, outgoingOf } from './outbox.ts';
import { Resume } from './resume.ts';
import { Sending, type SendResult, type Until } from './sending.ts';
import { type ClientState, type DeviceSeen, Standing } from './state.ts';

export type ClientOptions = {
  /**
   * One attempt to connect; called again, ever further apart (at most 30 s), for as long as the client lives. `seen` may be told what is
   * known of the device meanwhile.
   */
  open(seen: (device: DeviceSeen) => void): Promise<Pipe | DialFailure>;
  /**
   * A failure ends the attempts for good, say after a refused token: it is what every caller is told from then on, now and later.
   * Default: nothing does.
   */
  fatal?(failure: DialFailure): Failure | null;
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
  /** Told whenever `state()` changes in more than the last signs of life. */
  onState?(state: ClientState): void;
  /** What no caller is there to hear: errors that answer no command, an outbox that fails. */
  onTrouble?(failure: Failure): void;
};

export type SendOptions = {
  /** Default: the message's own, else a fresh one. The same id again is the same message (IN-1). */
  readonly client_message_id?: string;
  /** Default `accepted`. */
  readonly until?: Until;
};

export type Decision =
  | {
      readonly behavior: 'allow';
      readonly message?: string;
      readonly updated_input?: Record<string, unknown> | null;
      /** Of the request's `permission_suggestions`: what is to be remembered (PERM-6). */
      readonly selected_permission_suggestion_ids?: string[];
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
  /**
   * Sends a message, again and again until the device has it (IN-6). Resolves when the device has it, when a broker keeps it for a device
   * that is away (`parked`), or when its turn has ended.
   */
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
  /** It is known whether the broker goes on with the former session. */
  let greeted = false;
  let minted = 0;
  let closed = false;
  /** The attempts have ended for good. */
  let over: Failure | null = null;

  const standing = new Standing(clock.now, (state) => options.onState?.(state));
  const resume = new Resume(clock, (text) => pipe?.send(text));
  const calls = new Calls({
    clock,
    mint: () => `${prefix}-${++minted}`,
    send(text) {
      pipe?.send(text);
      return pipe !== null;
    },
  });
  const tellsReceipts = (): boolean => standing.value.broker.peer?.features.includes('receipts') ?? false;
  const sending = new Sending({ calls, clock, outbox, tellsReceipts, trouble });
  const everyFollower = (): Following[] => [...followers.values()].flatMap((set) => [...set]);

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
      closed: () => life.stop(),
    });
    pipe = fresh;
    standing.up();
    greet();
  }

  /** Where there is a session to go on with, what waits goes on waiting until it is known whether it does (SEQ-3). */
  function greet(): void {
    const former = resume.take();
    const known = { features, ...(name !== undefined && { name }), ...former };
    calls.start(
      'client_hello',
      known,
      (result) => {
        const resumed = result.ok && resume.answered(result.value);
        // A peer of another make does not know the word, and nothing follows from that.
        if (result.ok) standing.peer({ version: result.value.version, features: result.value.features });
        if (former.session !== undefined) goOn(resumed);
      },
      { once: true },
    );
    if (former.session === undefined) goOn(false);
  }

  function goOn(resumed: boolean): void {
    if (!pipe) return;
    greeted = true;
    for (const follower of everyFollower()) follower.up(resumed);
    calls.up(resumed);
    sending.up();
  }

  function down(why: Closed): void {
    pipe = null;
    greeted = false;
    resume.down();
    standing.down(why.reason || `closed with ${why.code}`);
    for (const follower of everyFollower()) follower.down();
    sending.down();
    calls.down(resume.possible);
  }

  function hear(frame: Frame): void {
    resume.heard(frame);
    const scope = scopeOf(frame.runtime);
    const wasThere = standing.deviceOnline === true;
    standing.heard(frame, scope);
    if (calls.answer(frame)) return;
    switch (frame.type) {
      case 'error':
        return trouble(errorOf(frame));
      case 'device_presence':
        if (!wasThere && frame.online === true) sending.deviceUp();
        return;
      case 'input_receipt':
        sending.hear(frame);
    }
    // A reply to what nobody asks any more.
    if (!scope || routeOf(frame.type)?.kind === 'reply') return;
    for (const follower of [...(followers.get(scopeKey(scope)) ?? [])]) follower.hear(frame);
  }

  function follow(scope: Scope, handlers: FollowHandlers, from: Cursor | 'start' | 'now' = 'now'): Follower {
    const start = from === 'start' ? { log_id: null, after_event_seq: 0 } : from === 'now' ? null : from;
    const follower = new Following(scope, handlers, start, calls, clock);
    const key = scopeKey(scope);
    const beside = followers.get(key) ?? new Set();
    followers.set(key, beside.add(follower));
    if (greeted) follower.up();
    if (over) queueMicrotask(() => over && handlers.failed?.(over));
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

  /** `why`: what everybody is told who waits or comes later. */
  function end(why?: Failure): void {
    for (const follower of everyFollower()) follower.end(why);
    followers.clear();
    sending.close(why);
    calls.close(why);
  }

  const connection = keepConnected({
    open: () => options.open((device) => standing.device(device)),
    onUp: up,
    onDown: down,
    onRetry: (retry) => standing.failed(retry.failure?.message ?? null, retry),
    fatal(failed) {
      over = options.fatal?.(failed) ?? null;
      if (!over) return false;
      standing.failed(over.message, null);
      end(over);
      return true;
    },
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
    state: () => standing.value,
    close() {
      if (closed) return;
      closed = true;
      connection.stop();
      end();
    },
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
