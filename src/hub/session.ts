import type { Clock, Timer } from '../link/clock.ts';
import type { Closed, Pipe, PipeListener } from '../link/pipe.ts';
import { readFrame } from '../link/read-frame.ts';
import { chooseDialect } from '../protocol/dialects/choose.ts';
import { errorTable } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/privileges.ts';
import { errorFrame, okReply } from '../protocol/reply.ts';
import { routeOf } from '../protocol/routing.ts';
import type { Scope } from '../protocol/shapes.ts';
import { checkCommand } from '../protocol/validate.ts';
import { type Asker, Asking } from './asking.ts';
import { checkEnvelope } from './envelope.ts';
import type { EventLog } from './event-log.ts';
import type { Hears } from './hearing.ts';
import type { Numbering } from './numbering.ts';
import type { Reach } from './reach.ts';
import type { Recent } from './recent.ts';
import { newResumeToken } from './resume-token.ts';
import { type Listening, Telling } from './telling.ts';
import { privilegeOf } from './view.ts';

/** How long a farhand client may take to say whether it goes on with a session, before it is told anything unasked. */
const HELLO_WITHIN_MS = 2_000;

/** What `client_hello` is answered with. */
const features: readonly string[] = ['cursors', 'receipts', 'input_hash'];

/** Ends after which nobody comes back: the client's own goodbye, and refusals. */
const farewells: ReadonlySet<number | null> = new Set([
  1000,
  ...(['unauthorized', 'forbidden', 'revoked', 'quota'] as const).map((code) => errorTable[code].close),
]);

export type Client = {
  readonly principal: Principal;
  /** The agents that its token names; default: all (SEC-12). */
  readonly reach?: Reach | undefined;
  readonly hears: Hears;
  /** The query of the URL it came by. */
  readonly query?: URLSearchParams | undefined;
  /** It came to an app-server rather than to a broker's status socket. */
  readonly appServer?: boolean | undefined;
};

/** What a client says of the session that it wants to go on with. */
export type Resuming = {
  readonly session: string;
  readonly token: string;
  readonly lastSeq: number;
  readonly requestId: string | undefined;
};

/** What all sessions of one hub have in common. */
export type SessionGround = {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly version: string;
  readonly recent: Recent;
  readonly numbering: Numbering | null;
  greeting(): readonly Frame[];
  toDevice(frame: Frame): void;
  followed(session: ClientSession, key: string, scope: Scope): void;
  /** Gives the socket of a fresh session to the one it goes on with. False: there is none, or it cannot go on. */
  resume(fresh: ClientSession, wanted: Resuming): boolean;
  /** It has lost its socket and may come back. */
  parted(session: ClientSession): void;
  gone(session: ClientSession): void;
};

/**
 * One client's session: what it asks for, over one socket or several after each other. Whatever it does wrong costs only itself. A broker
 * has ten thousands of them, so that what is not needed by each is not made for each.
 */
export class ClientSession implements Listening, Asker, PipeListener {
  readonly id: string;
  readonly principal: Principal;
  readonly reach: Reach | undefined;
  readonly hears: Hears;
  readonly telling: Telling;
  readonly asking: Asking;
  readonly #ground: SessionGround;
  /** What tells the dialect until the first command does; null where the URL has told it for good. */
  #asked: Pick<Client, 'query' | 'appServer'> | null;
  #tokenDigest: string | null = null;
  #hello: Timer | undefined;
  #settled = false;
  /** It is over when its socket is. */
  #last = false;
  #ended = false;

  constructor(
    ground: SessionGround,
    id: string,
    { principal, reach, hears, query, appServer }: Client,
    pipe: Pipe,
  ) {
    const { clock, numbering } = ground;
    this.id = id;
    this.principal = principal;
    this.reach = reach;
    this.hears = hears;
    this.#ground = ground;
    const dialect = chooseDialect({ url: query, appServer });
    this.#asked = dialect.name === 'farhand' ? null : { query, appServer };
    this.telling = new Telling(this, dialect, pipe, ground);
    this.asking = new Asking(this, clock);
    if (numbering && dialect.name === 'farhand') {
      this.telling.wire.waits = true;
      this.#hello = clock.after(HELLO_WITHIN_MS, () => this.#start());
    }
    pipe.listen(this);
  }

  /** Who may go on with it: the same principal with the same rights and the same filter. */
  get binding(): string {
    return JSON.stringify([this.principal, this.reach?.agents ?? null, this.hears]);
  }

  get bearer(): string {
    return this.principal.principal;
  }

  /** Of the token that opens it once more; null where none does. */
  get tokenDigest(): string | null {
    return this.#last ? null : this.#tokenDigest;
  }

  /** Nobody goes on with it afterwards. */
  close(code: number, reason: string): void {
    this.#last = true;
    const { pipe } = this.telling.wire;
    if (pipe) pipe.close(code, reason);
    else this.end();
  }

  end(): void {
    const { pipe } = this.telling.wire;
    if (this.release()) pipe?.close(1000, 'this session is over');
  }

  /** Ends, and leaves its socket to another session. Null when it has none. */
  release(): Pipe | null {
    if (this.#ended) return null;
    this.#ended = true;
    const { pipe } = this.telling.wire;
    this.#stopWaiting();
    this.asking.end();
    this.telling.wire.end();
    this.#ground.gone(this);
    return pipe;
  }

  /** [SEQ-3] Goes on over another socket with what was missed. The one it had is given up, if it still has one. */
  goOn(pipe: Pipe, { lastSeq, requestId }: Resuming): void {
    const { wire } = this.telling;
    const before = wire.pipe;
    const hello = this.#helloReply(requestId, { verdict: 'ok' });
    wire.resume(pipe, lastSeq, hello, (kept) => this.telling.gave(kept));
    pipe.listen(this);
    before?.listen(nobody);
    before?.close(1000, 'this session goes on over another connection');
  }

  toDevice(frame: Frame): void {
    this.#ground.toDevice(frame);
  }

  followed(key: string, scope: Scope): void {
    this.#ground.followed(this, key, scope);
  }

  choked(): void {
    this.#cut('slow_reader', 'Too much waits to be read: connect and sync again.');
  }

  overtaken(): void {
    this.#last = true;
    this.#cut('slow_reader', 'What you had still to read is no longer kept: connect and sync again.');
  }

  overfull(): void {
    const why = 'this device has too many conversations for one connection; ask for one agent';
    this.close(errorTable.quota.close, why);
  }

  broken(error: unknown): void {
    this.close(1011, `the event log cannot be read: ${error instanceof Error ? error.message : error}`);
  }

  drained(): void {
    this.telling.feed.pull();
  }

  /** It has lost its socket. */
  closed({ code }: Closed): void {
    const { wire } = this.telling;
    if (!wire.keeps || this.#last || farewells.has(code)) return this.end();
    wire.part();
    this.#ground.parted(this);
  }

  #cut(code: 'slow_reader' | 'frame_too_large', message: string): void {
    this.telling.wire.pipe?.close(errorTable[code].close, message);
  }

  /** From now on it is told what happens. */
  #start(): void {
    this.#stopWaiting();
    this.telling.wire.waits = false;
    this.telling.feed.pull();
  }

  #stopWaiting(): void {
    this.#hello?.cancel();
    this.#hello = undefined;
  }

  message(text: string): void {
    const { telling } = this;
    const read = readFrame(text, { maxBytes: limits.frameFromClient, maxDepth: limits.depth });
    if (!read.ok) {
      telling.tell(errorFrame(undefined, read), true);
      if (read.code === 'frame_too_large') this.#cut(read.code, read.message);
      return;
    }
    this.#settleDialect(read.frame.type);
    if (telling.wire.waits && read.frame.type !== 'client_hello') this.#start();
    for (const frame of telling.wire.heard(read.frame)) this.#command(frame);
  }

  /** A client's first command tells what it is (CONTRACT-2); saying `client_hello` is never too late. */
  #settleDialect(firstCommand: string): void {
    const route = routeOf(firstCommand);
    const onLink = route?.kind === 'command' && route.on === 'link';
    if (!this.#asked || (firstCommand !== 'client_hello' && (this.#settled || onLink))) return;
    this.#settled = true;
    const { query, appServer } = this.#asked;
    this.telling.wire.speak(chooseDialect({ url: query, appServer, firstCommand }));
  }

  #command(frame: Frame): void {
    const route = routeOf(frame.type);
    if (route?.kind !== 'command') {
      const checked = checkCommand(frame);
      if (!checked.ok) this.telling.tell(errorFrame(checked.request_id, checked.failure), true);
      return;
    }
    const checked = checkEnvelope(frame, route.on);
    if (!checked.ok) this.asking.refuse(frame, checked.requestId, checked.failure);
    else if (route.on === 'link') this.#onLink(frame, checked.requestId);
    else this.asking.ask(frame, checked.requestId, checked.scope, route);
  }

  #onLink(frame: Frame, requestId: string | undefined): void {
    const { wire } = this.telling;
    if (frame.type === 'ack') return wire.acked(frame.seq);
    if (frame.type === 'client_hello') return this.#greeted(frame, requestId);
    if (frame.type !== 'ping') return;
    const pong = okReply('ping', requestId, { timestamp: this.#ground.clock.now() });
    wire.tellUnnumbered(pong);
  }

  /** [SEQ-3] A session can go on only over a socket that has told nothing yet. */
  #greeted(frame: Frame, requestId: string | undefined): void {
    const { session, resume_token: token, last_seq: lastSeq = 0 } = frame;
    const { wire } = this.telling;
    const numbered = this.#ground.numbering !== null;
    const isFresh = numbered && !wire.keeps && wire.given === 0 && !this.asking.isUsed;
    if (isFresh && typeof session === 'string' && typeof token === 'string' && typeof lastSeq === 'number') {
      if (this.#ground.resume(this, { session, token, lastSeq, requestId })) return;
    }
    if (numbered) wire.keep();
    wire.tellUnnumbered(
      this.#helloReply(requestId, session === undefined || !numbered ? {} : { verdict: 'reset' }),
    );
    this.#start();
    for (const frame of this.#ground.greeting())
      if (this.telling.may(privilegeOf(frame.type))) this.telling.tell(frame, true);
  }

  #helloReply(requestId: string | undefined, verdict: { readonly verdict?: 'ok' | 'reset' }): Frame {
    const { version, numbering } = this.#ground;
    if (!numbering) return okReply('client_hello', requestId, { version, features });
    const { token, digest } = newResumeToken();
    this.#tokenDigest = digest;
    const own = { version, features: [...features, 'resume'], session: this.id, resume_token: token };
    return okReply('client_hello', requestId, { ...own, ...verdict });
  }
}

/** Listens where nobody has to any more. */
const nobody: PipeListener = { message: () => undefined, closed: () => undefined };
