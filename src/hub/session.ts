import type { Clock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import { readFrame } from '../link/read-frame.ts';
import { chooseDialect } from '../protocol/dialects/choose.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import { errorTable, type Failure, failure } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/privileges.ts';
import { errorFrame, failedReply, okReply } from '../protocol/reply.ts';
import { commandSpec, type Route, routeOf } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import { checkCommand } from '../protocol/validate.ts';
import { checkEnvelope } from './envelope.ts';
import type { EventLog } from './event-log.ts';
import { Feed } from './feed.ts';
import { InFlight } from './in-flight.ts';
import { stamp } from './stamp.ts';
import { readAsked } from './verdict.ts';

/** What a session may have waiting in its socket besides events; a client that reads nothing is cut off there (LINK-3). */
const MAX_UNSENT = 16 * limits.unsent;
/** Commands without an answer, and scopes with their syncs, that one client may make the hub remember. */
const MAX_REMEMBERED = 10_000;

/** What `client_hello` is answered with. */
const features: readonly string[] = ['cursors', 'receipts', 'input_hash'];

export type Client = {
  readonly principal: Principal;
  /** `followed`: the scopes that a command of this client has named. */
  readonly hears: 'all' | 'followed';
  /** The query of the URL it came by. */
  readonly query?: URLSearchParams | undefined;
  /** It came to an app-server rather than to a broker's status socket. */
  readonly appServer?: boolean | undefined;
};

export type SessionOptions = Client & {
  readonly id: string;
  readonly pipe: Pipe;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly version: string;
  toDevice(frame: Frame): void;
  followed(key: string): void;
  gone(): void;
};

/** One client's connection. Whatever it does wrong costs only itself. */
export class ClientSession {
  readonly #options: SessionOptions;
  readonly #feed: Feed;
  readonly #inFlight: InFlight;
  #dialect: Dialect;
  #state: unknown;
  #settled = false;

  constructor(options: SessionOptions) {
    const { pipe, log, clock, hears, query, appServer } = options;
    this.#options = options;
    this.#dialect = chooseDialect({ url: query, appServer });
    this.#state = this.#dialect.start();
    this.#inFlight = new InFlight(clock);
    this.#feed = new Feed({
      log,
      hearsAll: hears === 'all',
      ready: () => pipe.open && pipe.unsent < limits.unsent,
      event: (text, frame) => this.#event(text, frame),
      tell: (frame, asked) => this.tell(frame, asked),
      followed: options.followed,
      overtaken: () =>
        this.#end('slow_reader', 'What you had still to read is no longer kept: connect and sync again.'),
      broken: (error) =>
        this.close(1011, `the event log cannot be read: ${error instanceof Error ? error.message : error}`),
    });
    pipe.listen({
      message: (text) => this.#hear(text),
      drained: () => this.#feed.pull(),
      closed: () => {
        this.#inFlight.clear();
        options.gone();
      },
    });
  }

  /** Events and pushes are only for those who may observe. */
  get observes(): boolean {
    return this.#options.principal.privileges.includes('observe');
  }

  get followedKeys(): Iterable<string> {
    return this.#feed.keys;
  }

  close(code: number, reason: string): void {
    this.#options.pipe.close(code, reason);
  }

  /** A live event. */
  event(key: string, scope: Scope, seq: number, text: string, frame: Frame): void {
    this.#feed.hear(key, scope, seq, text, frame);
  }

  /** A snapshot for the sync of that `request_id`. */
  snapshot(key: string, requestId: string | undefined, frame: Frame): void {
    this.#feed.snapshot(key, requestId, frame);
  }

  /** How things still are, said to everyone while a turn goes on. One who has not heard yet how they came to be so hears it next time. */
  restated(key: string, frame: Frame, text: string): void {
    if (this.#feed.reflects(key, frame)) this.tell(frame, true, text);
  }

  /** A snapshot that does not say for which sync it is. */
  sharedSnapshot(key: string, frame: Frame): void {
    this.#feed.sharedSnapshot(key, frame);
  }

  /** What the device says to one command of this session; `frame` bears the client's own `request_id`. */
  answer(requestId: string | undefined, frame: Frame): void {
    const route = routeOf(frame.type);
    const asked = requestId !== undefined;
    if (route?.kind !== 'reply') {
      if (frame.type === 'error') this.#inFlight.settle(requestId);
      return this.tell(frame, asked);
    }
    // [ERR-1] A reply that comes after its deadline was already given.
    if (!this.#inFlight.awaits(requestId, frame.type)) return;
    const last = !commandSpec(route.command)?.chunked || frame.done === true;
    if (last) this.#inFlight.settle(requestId, frame.type);
    if (route.command !== 'sync') return this.tell(frame, asked);
    const scope = scopeOf(frame.runtime);
    this.#feed.answer(scope && scopeKey(scope), requestId, frame);
  }

  /** Sends a frame in the client's dialect; `text` is the frame as it came. */
  tell(frame: Frame, asked = true, text?: string): void {
    const [state, frames] = this.#dialect.out(this.#state, frame, { asked });
    this.#state = state;
    for (const one of frames) this.#send(one === frame && text !== undefined ? text : JSON.stringify(one));
  }

  /** A farhand client gets the very bytes that are stored, so that they need not even be read. */
  #event(text: string, frame?: Frame): void {
    if (this.#dialect.name === 'farhand') this.#send(text);
    else this.tell(frame ?? (JSON.parse(text) as Frame), true, text);
  }

  #send(text: string): void {
    const { pipe } = this.#options;
    if (pipe.unsent > MAX_UNSENT)
      return this.#end('slow_reader', 'Too much waits to be read: connect and sync again.');
    pipe.send(text);
  }

  #end(code: 'slow_reader' | 'frame_too_large', message: string): void {
    this.close(errorTable[code].close, message);
  }

  #hear(text: string): void {
    const read = readFrame(text, { maxBytes: limits.frameFromClient, maxDepth: limits.depth });
    if (!read.ok) {
      this.tell(errorFrame(undefined, read));
      if (read.code === 'frame_too_large') this.#end(read.code, read.message);
      return;
    }
    this.#settleDialect(read.frame.type);
    const [state, frames] = this.#dialect.in(this.#state, read.frame);
    this.#state = state;
    for (const frame of frames) this.#command(frame);
  }

  /** A client's first command tells what it is (CONTRACT-2); saying `client_hello` is never too late. */
  #settleDialect(firstCommand: string): void {
    const route = routeOf(firstCommand);
    const onLink = route?.kind === 'command' && route.on === 'link';
    if (firstCommand !== 'client_hello' && (this.#settled || onLink)) return;
    this.#settled = true;
    const { query, appServer } = this.#options;
    const dialect = chooseDialect({ url: query, appServer, firstCommand });
    if (dialect === this.#dialect) return;
    this.#dialect = dialect;
    this.#state = dialect.start();
  }

  #command(frame: Frame): void {
    const route = routeOf(frame.type);
    if (route?.kind !== 'command') {
      const checked = checkCommand(frame);
      if (!checked.ok) this.tell(errorFrame(checked.request_id, checked.failure));
      return;
    }
    const checked = checkEnvelope(frame, route.on);
    if (!checked.ok) return this.#refuse(frame, checked.requestId, checked.failure);
    if (route.on === 'link') return this.#onLink(frame, checked.requestId);
    if (this.#inFlight.size >= MAX_REMEMBERED || this.#feed.size >= MAX_REMEMBERED) {
      const why = `This connection has ${MAX_REMEMBERED} commands or conversations open. Wait for answers, or connect again.`;
      return this.#refuse(frame, checked.requestId, failure('queue_full', why));
    }
    this.#relay(frame, checked.requestId, checked.scope, route);
  }

  #relay(
    frame: Frame,
    requestId: string | undefined,
    scope: Scope | null,
    route: Route & { kind: 'command' },
  ): void {
    if (route.replyType !== null) {
      const deadline = (): void => this.#expire(frame, requestId, route.deadlineMs);
      this.#inFlight.add(requestId, route.replyType, route.deadlineMs, deadline);
    }
    if (scope && this.observes) {
      const asked = frame.type === 'sync' ? readAsked(frame) : null;
      if (asked) this.#feed.sync(scope, requestId, asked);
      else if (this.#options.hears === 'followed') this.#feed.follow(scope);
    }
    // [SEC-2] Who asks is what this side knows of the client, never what the client says.
    const { auth: _auth, acting_user_id: _user, ...rest } = frame;
    const runtime = withoutUser(frame.runtime);
    this.#options.toDevice({
      ...rest,
      ...(runtime !== undefined && { runtime }),
      request_id: stamp({ session: this.#options.id, requestId }),
      auth: this.#options.principal,
    });
  }

  #onLink(frame: Frame, requestId: string | undefined): void {
    const { clock, version } = this.#options;
    if (frame.type === 'ping') this.tell(okReply('ping', requestId, { timestamp: clock.now() }));
    // A hello is not dropped like other successes that nobody asked for by name: it is how the client learns that it is understood.
    if (frame.type === 'client_hello')
      this.#send(JSON.stringify(okReply('client_hello', requestId, { version, features })));
  }

  #expire(frame: Frame, requestId: string | undefined, ms: number): void {
    if (frame.type === 'sync') this.#feed.forget(requestId);
    const why = `The device has not answered "${frame.type}" for ${ms / 1000} s. It may have happened: look before asking again.`;
    this.#refuse(frame, requestId, failure('deadline', why));
  }

  #refuse(frame: Frame, requestId: string | undefined, why: Failure): void {
    const { runtime } = frame;
    this.tell(
      failedReply(frame.type, requestId, why, runtime === undefined ? {} : { runtime }),
      requestId !== undefined,
    );
  }
}

function withoutUser(runtime: unknown): unknown {
  if (typeof runtime !== 'object' || runtime === null || Array.isArray(runtime)) return runtime;
  const { acting_user_id: _, ...rest } = runtime as { acting_user_id?: unknown };
  return rest;
}
