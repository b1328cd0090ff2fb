import type { Pipe } from '../link/pipe.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Principal, Privilege } from '../protocol/privileges.ts';
import { tellingPrivileges } from '../protocol/routing.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';
import type { Hearer } from './audiences.ts';
import type { Broadcast } from './broadcast.ts';
import type { EventLog } from './event-log.ts';
import { Feed, type Following, type Outlet } from './feed.ts';
import { type Hears, namedBy, wideHearing } from './hearing.ts';
import type { Numbering } from './numbering.ts';
import { type Reach, reaches } from './reach.ts';
import type { Recent } from './recent.ts';
import type { Kept } from './ring.ts';
import { hashesIn, ShownHashes } from './shown-hashes.ts';
import type { Asked } from './verdict.ts';
import { privilegeOf } from './view.ts';
import { type Told, Wire } from './wire.ts';

/** The session that is told, and what becomes of it. */
export interface Listening extends Told, Following {
  readonly principal: Principal;
  readonly reach: Reach | undefined;
  readonly hears: Hears;
}

/** Of the hub. */
export type TellingGround = {
  readonly log: EventLog;
  readonly recent: Recent;
  readonly numbering: Numbering | null;
};

type Rights = { readonly all: ReadonlySet<Privilege>; readonly mayKnowAll: boolean };

/** What one client is told: what it follows, as far as it may know it and can read it. */
export class Telling implements Hearer, Outlet {
  readonly wire: Wire;
  readonly feed: Feed;
  readonly shown = new ShownHashes();
  readonly hearsUnnamed: ((scope: Scope) => boolean) | null;
  readonly #session: Listening;
  readonly #numbering: Numbering | null;
  readonly #rights: Rights;

  constructor(session: Listening, dialect: Dialect, pipe: Pipe, { log, recent, numbering }: TellingGround) {
    const { principal, hears, reach } = session;
    this.#session = session;
    this.#numbering = numbering;
    this.#rights = rightsOf(principal);
    this.hearsUnnamed = this.may('observe') ? wideHearing(hears, reach) : null;
    this.wire = new Wire(session, { pipe, dialect, numbering, observer: !this.may('send') });
    this.feed = new Feed(session, this, log, recent);
  }

  get ready(): boolean {
    return this.wire.ready;
  }

  get live(): boolean {
    return this.wire.live;
  }

  get now(): number {
    return this.#numbering?.last ?? 0;
  }

  may(privilege: Privilege): boolean {
    return this.#rights.all.has(privilege);
  }

  /** The conversation that the client came for, where its URL names one in full. */
  begin(): void {
    const { hears, reach } = this.#session;
    const scope = namedBy(hears);
    if (scope && reaches(reach, scope.agent_id)) this.follow(scope);
  }

  /** From now on the scope is heard of. */
  follow(scope: Scope): void {
    if (!this.may('observe')) return;
    if (this.hearsUnnamed?.(scope)) this.#session.followed(scopeKey(scope), scope);
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

  /** How things are, said to everyone. One who reads slowly is told once it has heard how they came to be so. */
  restated(key: string, broadcast: Broadcast): void {
    if (this.wire.waits || !this.may(broadcast.to.privilege)) return;
    if (this.feed.reflects(key, broadcast.frame)) this.give(broadcast);
  }

  /** To this client alone. */
  tell(frame: Frame, asked: boolean): void {
    this.#note(frame);
    this.wire.tell(frame, asked);
  }

  /** Whether it was given what the ring has kept. */
  gave({ seq, to, view }: Kept): boolean {
    if (view !== 'both' && (view === 'observers') !== this.wire.observer) return false;
    if (to.to === 'session') return to.id === this.#session.id;
    if (!this.may(to.privilege)) return false;
    if (to.to === 'privilege') return this.#concerns(to.agentId);
    return this.feed.gave(to.key, to.eventSeq, seq) ?? this.hearsUnnamed?.(to.scope) ?? false;
  }

  /** News of the whole device are for all, those of an agent for whoever reaches it. */
  #concerns(agentId: unknown): boolean {
    return agentId === undefined || reaches(this.#session.reach, agentId);
  }

  give(broadcast: Broadcast): void {
    const { frame, to, hashes } = broadcast;
    if (!this.may(to.privilege)) return;
    if (hashes.length > 0) this.#note(frame);
    this.wire.share(broadcast);
  }

  /** A farhand client that may know everything gets the stored bytes, so that they need not even be read. */
  replay(event: Parameters<Wire['replay']>[0]): void {
    const { wire } = this;
    const { text } = event;
    if (this.#rights.mayKnowAll && wire.dialect.name === 'farhand' && !text.includes('"input_hash"'))
      return wire.replay(event, null);
    const frame = JSON.parse(text) as Frame;
    if (!this.may(privilegeOf(frame.type))) return;
    this.#note(frame);
    wire.replay(event, frame);
  }

  leapt(): void {
    this.wire.forgetGiven();
  }

  #note(frame: Frame): void {
    const hashes = hashesIn(frame);
    const scope = hashes.length > 0 ? scopeOf(frame.runtime) : null;
    if (scope) this.shown.note(scopeKey(scope), hashes);
  }
}

/** Those who come by the same token share what they may. */
const known = new WeakMap<Principal, Rights>();

function rightsOf(principal: Principal): Rights {
  const rights = known.get(principal) ?? newRights(principal);
  known.set(principal, rights);
  return rights;
}

function newRights({ privileges }: Principal): Rights {
  const all = new Set(privileges);
  return { all, mayKnowAll: tellingPrivileges.every((one) => all.has(one)) };
}
