import type { Clock, Timer } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
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
import { Asking } from './asking.ts';
import { checkEnvelope } from './envelope.ts';
import type { EventLog } from './event-log.ts';
import type { Hears } from './hearing.ts';
import type { Numbering } from './numbering.ts';
import type { Reach } from './reach.ts';
import type { Recent } from './recent.ts';
import { newResumeToken } from './resume-token.ts';
import { Telling } from './telling.ts';
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

export type SessionOptions = Client & {
  readonly id: string;
  readonly pipe: Pipe;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly version: string;
  readonly recent: Recent;
  readonly numbering: Numbering | null;
  greeting(): readonly Frame[];
  toDevice(frame: Frame): void;
  followed(key: string, scope: Scope): void;
  /** Gives the socket of a fresh session to the one it goes on with. False: there is none, or it cannot go on. */
  resume(wanted: Resuming): boolean;
  /** It has lost its socket and may come back. */
  parted(): void;
  gone(): void;
};

/** One client's session: what it asks for, over one socket or several after each other. Whatever it does wrong costs only itself. */
export class ClientSession {
  readonly telling: Telling;
  readonly asking: Asking;
  /** Who may go on with it: the same principal with the same rights and the same filter. */
  readonly binding: string;
  readonly #options: SessionOptions;
  #tokenDigest: Buffer | null = null;
  #hello: Timer | undefined;
  #settled = false;
  /** It is over when its socket is. */
  #last = false;
  #ended = false;

  constructor(options: SessionOptions) {
    const { id, principal, reach, hears, query, appServer, pipe, clock, log, recent, numbering } = options;
    this.#options = options;
    this.binding = JSON.stringify([principal, reach?.agents ?? null, hears]);
    const dialect = chooseDialect({ url: query, appServer });
    this.telling = new Telling({
      ...{ id, principal, reach, hears, dialect, pipe, log, recent, numbering },
      followed: options.followed,
      choked: () => this.#cut('slow_reader', 'Too much waits to be read: connect and sync again.'),
      overtaken: () => {
        this.#last = true;
        this.#cut('slow_reader', 'What you had still to read is no longer kept: connect and sync again.');
      },
      overfull: () =>
        this.close(
          errorTable.quota.close,
          'this device has too many conversations for one connection; ask for one agent',
        ),
      broken: (error) =>
        this.close(1011, `the event log cannot be read: ${error instanceof Error ? error.message : error}`),
    });
    const { telling } = this;
    this.asking = new Asking({ id, principal, reach, clock, telling, toDevice: options.toDevice });
    if (numbering && dialect.name === 'farhand') {
      telling.wire.waits = true;
      this.#hello = clock.after(HELLO_WITHIN_MS, () => this.#start());
    }
    this.#listen(pipe);
  }

  get principal(): string {
    return this.#options.principal.principal;
  }

  /** Of the token that opens it once more; null where none does. */
  get tokenDigest(): Buffer | null {
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
    this.#hello?.cancel();
    this.asking.end();
    this.telling.wire.end();
    this.#options.gone();
    return pipe;
  }

  /** [SEQ-3] Goes on over another socket with what was missed. The one it had is given up, if it still has one. */
  goOn(pipe: Pipe, { lastSeq, requestId }: Resuming): void {
    const { wire } = this.telling;
    const before = wire.pipe;
    const hello = this.#helloReply(requestId, { verdict: 'ok' });
    wire.resume(pipe, lastSeq, hello, (kept) => this.telling.gave(kept));
    this.#listen(pipe);
    before?.close(1000, 'this session goes on over another connection');
  }

  #listen(pipe: Pipe): void {
    const isCurrent = (): boolean => this.telling.wire.pipe === pipe;
    pipe.listen({
      message: (text) => {
        if (isCurrent()) this.#hear(text);
      },
      drained: () => this.telling.feed.pull(),
      closed: ({ code }) => {
        if (isCurrent()) this.#lost(code);
      },
    });
  }

  #lost(code: number): void {
    const { wire } = this.telling;
    if (!wire.keeps || this.#last || farewells.has(code)) return this.end();
    wire.part();
    this.#options.parted();
  }

  #cut(code: 'slow_reader' | 'frame_too_large', message: string): void {
    this.telling.wire.pipe?.close(errorTable[code].close, message);
  }

  /** From now on it is told what happens. */
  #start(): void {
    this.#hello?.cancel();
    this.telling.wire.waits = false;
    this.telling.feed.pull();
  }

  #hear(text: string): void {
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
    if (firstCommand !== 'client_hello' && (this.#settled || onLink)) return;
    this.#settled = true;
    const { query, appServer } = this.#options;
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
    const pong = okReply('ping', requestId, { timestamp: this.#options.clock.now() });
    wire.tellUnnumbered(pong);
  }

  /** [SEQ-3] A session can go on only over a socket that has told nothing yet. */
  #greeted(frame: Frame, requestId: string | undefined): void {
    const { session, resume_token: token, last_seq: lastSeq = 0 } = frame;
    const { wire } = this.telling;
    const numbered = this.#options.numbering !== null;
    const isFresh = numbered && !wire.keeps && wire.given === 0 && !this.asking.isUsed;
    if (isFresh && typeof session === 'string' && typeof token === 'string' && typeof lastSeq === 'number') {
      if (this.#options.resume({ session, token, lastSeq, requestId })) return;
    }
    if (numbered) wire.keep();
    wire.tellUnnumbered(
      this.#helloReply(requestId, session === undefined || !numbered ? {} : { verdict: 'reset' }),
    );
    this.#start();
    for (const frame of this.#options.greeting())
      if (this.telling.may(privilegeOf(frame.type))) this.telling.tell(frame, true);
  }

  #helloReply(requestId: string | undefined, verdict: { readonly verdict?: 'ok' | 'reset' }): Frame {
    const { id: session, version, numbering } = this.#options;
    if (!numbering) return okReply('client_hello', requestId, { version, features });
    const { token, digest } = newResumeToken();
    this.#tokenDigest = digest;
    const own = { version, features: [...features, 'resume'], session, resume_token: token };
    return okReply('client_hello', requestId, { ...own, ...verdict });
  }
}
