import type { Pipe } from '../link/pipe.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Principal, Privilege } from '../protocol/privileges.ts';
import { tellingPrivileges } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import type { Hearer } from './audiences.ts';
import type { Broadcast } from './broadcast.ts';
import type { EventLog } from './event-log.ts';
import { Feed } from './feed.ts';
import { type Hears, namedBy, wideHearing } from './hearing.ts';
import type { Numbering } from './numbering.ts';
import { type Reach, reaches } from './reach.ts';
import type { Recent } from './recent.ts';
import type { Kept } from './ring.ts';
import { hashesIn, ShownHashes } from './shown-hashes.ts';
import type { Asked } from './verdict.ts';
import { privilegeOf } from './view.ts';
import { Wire } from './wire.ts';

export type TellingOptions = {
  /** Of the session. */
  readonly id: string;
  readonly principal: Principal;
  readonly reach: Reach | undefined;
  readonly hears: Hears;
  readonly dialect: Dialect;
  readonly pipe: Pipe;
  readonly log: EventLog;
  readonly recent: Recent;
  readonly numbering: Numbering | null;
  followed(key: string, scope: Scope): void;
  /** Too much waits to be read in its socket. */
  choked(): void;
  /** Retention took what this session had still to read. */
  overtaken(): void;
  overfull(): void;
  broken(error: unknown): void;
};

/** What one client is told: what it follows, as far as it may know it and can read it. */
export class Telling implements Hearer {
  readonly wire: Wire;
  readonly feed: Feed;
  readonly shown = new ShownHashes();
  readonly hearsUnnamed: ((scope: Scope) => boolean) | null;
  readonly #options: TellingOptions;
  readonly #privileges: ReadonlySet<Privilege>;
  readonly #mayKnowAll: boolean;

  constructor(options: TellingOptions) {
    const { id, principal, reach, hears, dialect, pipe, log, recent, numbering } = options;
    this.#options = options;
    this.#privileges = new Set(principal.privileges);
    this.#mayKnowAll = tellingPrivileges.every((one) => this.#privileges.has(one));
    this.hearsUnnamed = this.may('observe') ? wideHearing(hears, reach) : null;
    const observer = !this.may('send');
    this.wire = new Wire({ id, pipe, dialect, numbering, observer, choked: options.choked });
    this.feed = new Feed({
      log,
      recent,
      ready: () => this.wire.ready,
      live: () => this.wire.live,
      event: (broadcast) => this.#share(broadcast),
      replay: (event) => this.#replay(event),
      tell: (frame, asked) => this.tell(frame, asked),
      followed: options.followed,
      now: () => numbering?.last ?? 0,
      leapt: () => this.wire.forgetGiven(),
      overfull: options.overfull,
      overtaken: options.overtaken,
      broken: options.broken,
    });
  }

  may(privilege: Privilege): boolean {
    return this.#privileges.has(privilege);
  }

  /** The conversation that the client came for, where its URL names one in full. */
  begin(): void {
    const scope = namedBy(this.#options.hears);
    if (scope && reaches(this.#options.reach, scope.agent_id)) this.follow(scope);
  }

  /** From now on the scope is heard of. */
  follow(scope: Scope): void {
    if (!this.may('observe')) return;
    if (this.hearsUnnamed?.(scope)) this.#options.followed(scopeKey(scope), scope);
    else this.feed.follow(scope);
  }

  /** It wants what it missed of the scope. */
  sync(scope: Scope, requestId: string | undefined, cursor: Asked): void {
    if (this.may('observe')) this.feed.sync(scope, requestId, cursor);
  }

  /** A live event. */
  event(key: string, scope: Scope, seq: number, broadcast: Broadcast): void {
    this.feed.hear(key, scope, seq, broadcast);
  }

  /** What is neither stored nor an answer. */
  notice(broadcast: Broadcast): void {
    const { to } = broadcast;
    if (this.wire.waits || !this.may(to.privilege)) return;
    if (to.to === 'scope' || this.#concerns(to.agentId)) this.wire.share(broadcast);
  }

  /** How things still are, said to everyone while a turn goes on. One who has not heard yet how they came to be so hears it next time. */
  restated(key: string, broadcast: Broadcast): void {
    if (!this.wire.waits && this.feed.reflects(key, broadcast.frame)) this.#share(broadcast);
  }

  /** To this client alone. */
  tell(frame: Frame, asked: boolean): void {
    this.#note(frame);
    this.wire.tell(frame, asked);
  }

  /** Whether it was given what the ring has kept. */
  gave({ seq, to, view }: Kept): boolean {
    if (view !== 'both' && (view === 'observers') !== this.wire.observer) return false;
    if (to.to === 'session') return to.id === this.#options.id;
    if (!this.may(to.privilege)) return false;
    if (to.to === 'privilege') return this.#concerns(to.agentId);
    return this.feed.gave(to.key, to.eventSeq, seq) ?? this.hearsUnnamed?.(to.scope) ?? false;
  }

  /** News of the whole device are for all, those of an agent for whoever reaches it. */
  #concerns(agentId: unknown): boolean {
    return agentId === undefined || reaches(this.#options.reach, agentId);
  }

  #share(broadcast: Broadcast): void {
    const { frame, to, hashes } = broadcast;
    if (!this.may(to.privilege)) return;
    if (hashes.length > 0) this.#note(frame);
    this.wire.share(broadcast);
  }

  /** A farhand client that may know everything gets the stored bytes, so that they need not even be read. */
  #replay(event: Parameters<Wire['replay']>[0]): void {
    const { wire } = this;
    const { text } = event;
    if (this.#mayKnowAll && wire.dialect.name === 'farhand' && !text.includes('"input_hash"'))
      return wire.replay(event, null);
    const frame = JSON.parse(text) as Frame;
    if (!this.may(privilegeOf(frame.type))) return;
    this.#note(frame);
    wire.replay(event, frame);
  }

  #note(frame: Frame): void {
    const hashes = hashesIn(frame);
    const scope = hashes.length > 0 ? scopeOf(frame.runtime) : null;
    if (scope) this.shown.note(scopeKey(scope), hashes);
  }
}
