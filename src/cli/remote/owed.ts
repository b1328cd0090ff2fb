import { randomUUID } from 'node:crypto';
import { Cursors } from '../../byor/cursors.ts';
import { chooseDialect } from '../../protocol/dialects/choose.ts';
import type { Dialect } from '../../protocol/dialects/dialect.ts';
import { failure } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { failedReply } from '../../protocol/reply.ts';
import { commandSpec, routeOf } from '../../protocol/routing.ts';
import { scopeOf } from '../../protocol/shapes.ts';
import { Offered } from './offered.ts';

/** More open commands than a hub lets one client have. */
const MAX_OPEN = 10_000;

/**
 * What the peer behind a door has coming, so that the home may change hands without the peer's noticing: answers to its commands, and the
 * events after the last that it heard (HOME-1).
 */
export class Owed {
  readonly #cursors = new Cursors({ all: true });
  /** Commands without an answer, by `request_id`. */
  readonly #open = new Map<string, { readonly type: string; readonly runtime?: unknown }>();
  /** What we asked in the peer's place. */
  readonly #own = new Set<string>();
  readonly #offered = new Offered();
  readonly #shown: { readonly url?: URLSearchParams | undefined; readonly appServer?: boolean | undefined };
  #firstCommand: string | undefined;

  /** `shown`: what the peer has shown of itself by the way it came. */
  constructor(
    shown: { readonly url?: URLSearchParams | undefined; readonly appServer?: boolean | undefined } = {},
  ) {
    this.#shown = shown;
  }

  /** A command of the peer goes to the owner. */
  asked(frame: Frame): void {
    const route = routeOf(frame.type);
    if (route?.kind !== 'command') return;
    if (frame.type === 'client_hello') this.#firstCommand = frame.type;
    else if (route.on !== 'link') this.#firstCommand ??= frame.type;
    const scope = route.on === 'scope' ? scopeOf(frame.runtime) : null;
    if (scope) this.#cursors.follow(scope);
    this.#offered.asked(frame);
    const { request_id } = frame;
    if (route.replyType === null || typeof request_id !== 'string' || this.#open.size >= MAX_OPEN) return;
    this.#open.set(request_id, { type: frame.type, ...(scope && { runtime: scope }) });
  }

  /** A frame of the owner; false when it is an answer to us rather than to the peer. */
  told(frame: Frame): boolean {
    this.#cursors.heard(frame);
    this.#offered.told(frame);
    const begun = frame.type === 'runtime_start_response' ? scopeOf(frame.runtime) : null;
    if (begun) this.#cursors.follow(begun);
    const { request_id, type, done } = frame;
    const route = routeOf(type);
    if (typeof request_id !== 'string' || (route?.kind !== 'reply' && type !== 'error')) return true;
    if (this.#own.delete(request_id)) return false;
    const chunked = route?.kind === 'reply' && commandSpec(route.command)?.chunked === true;
    if (!chunked || done === true) this.#open.delete(request_id);
    return true;
  }

  /** The owner is gone, and with it the answers to what it was asked: each question is told so (ERR-1). */
  lost(): Frame[] {
    const why = failure(
      'owner_gone',
      'The process that ran this home ended before it answered, and another takes over. It may have happened: look, or ask again with the same ids.',
    );
    const dialect = this.#dialect();
    const told = [...this.#open].flatMap(([requestId, { type, ...scope }]) => {
      const reply = failedReply(type, requestId, why, scope);
      return dialect.out(dialect.start(), reply, { asked: true })[1];
    });
    this.#open.clear();
    this.#own.clear();
    return told;
  }

  /** What the next owner is told and asked first: which tools the peer offers, and what it has missed. */
  resume(): Frame[] {
    return [...this.#offered.again(), ...this.#cursors.syncs()].map((frame) => {
      const request_id = `relay-${randomUUID()}`;
      this.#own.add(request_id);
      return { ...frame, request_id };
    });
  }

  /** What the next owner has to be told of the peer: a hub takes one that syncs first for a client of the seed dialect. */
  get dialect(): { readonly dialect?: 'farhand' | 'stock' } {
    const { name } = this.#dialect();
    return name === 'seed' ? {} : { dialect: name };
  }

  #dialect(): Dialect {
    return chooseDialect({ ...this.#shown, firstCommand: this.#firstCommand });
  }
}
