import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isDeeper } from '../../link/read-frame.ts';
import { fields, list, text } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import { wellFormed } from '../../protocol/well-formed.ts';

/** A tool request that waits for a person at a stock device. */
export type Asked = {
  readonly request: unknown;
  /** Null: the input is nested too deeply to be shown to anybody. */
  readonly input_hash: string | null;
  readonly since: number;
  /** About what it takes in memory. */
  readonly bytes: number;
  /** A decision was handed over: only the first one counts (APR-3). */
  answered: boolean;
};

/** What a stock device has told of one conversation on this link. Null: nothing yet. */
export type View = {
  readonly scope: Scope;
  loop: string | null;
  runs: readonly string[];
  processing: boolean | null;
  /** Inputs in its queue. */
  queued: number;
  /** When the turn of now was first seen; null while there is none. */
  turnSince: number | null;
  readonly pending: Map<string, Asked>;
  /** Whether `pending` was heard as a whole: before that it may lack what waits longer than this link. */
  pendingTold: boolean;
};

/** What one device may make this side remember on one link: conversations, and about the bytes of what waits in them (LINK-3). */
export const MAX_SCOPES = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;

export class Views {
  readonly #views = new Map<string, View>();
  readonly #forgotten: (view: View) => void;
  readonly #weights = new Map<View, number>();
  #bytes = 0;

  /** `forgotten`: is told of a view that had to make room. */
  constructor(forgotten: (view: View) => void = () => undefined) {
    this.#forgotten = forgotten;
  }

  of(scope: Scope): View {
    const key = scopeKey(scope);
    const known = this.#views.get(key);
    if (known) return known;
    if (this.#views.size >= MAX_SCOPES) this.#forgetOldest(null);
    const fresh: View = {
      scope: { agent_id: scope.agent_id, conversation_id: scope.conversation_id },
      loop: null,
      runs: [],
      processing: null,
      queued: 0,
      turnSince: null,
      pending: new Map(),
      pendingTold: false,
    };
    this.#views.set(key, fresh);
    return fresh;
  }

  all(): Iterable<View> {
    return this.#views.values();
  }

  /** What waits in a conversation has changed: others make room for it. */
  weigh(view: View): void {
    const bytes = [...view.pending.values()].reduce((sum, one) => sum + one.bytes, 0);
    this.#bytes += bytes - (this.#weights.get(view) ?? 0);
    this.#weights.set(view, bytes);
    while (this.#bytes > MAX_BYTES && this.#forgetOldest(view));
  }

  #forgetOldest(spared: View | null): boolean {
    for (const [key, view] of this.#views) {
      if (view === spared) continue;
      this.#views.delete(key);
      this.#bytes -= this.#weights.get(view) ?? 0;
      this.#weights.delete(view);
      this.#forgotten(view);
      return true;
    }
    return false;
  }
}

const atRest: ReadonlySet<unknown> = new Set([null, 'WAITING_ON_INPUT', 'EXECUTING_COMMAND']);

/** Whether a turn is at work, as far as was told. */
export const isBusy = (view: View): boolean => view.processing === true || !atRest.has(view.loop);

/** Takes in what an event says of its conversation. */
export function heed(view: View, frame: Frame, now: number): void {
  if (frame.type === 'update_loop_status') {
    const { status, active_run_ids } = fields(frame.loop_status);
    view.loop = typeof status === 'string' ? status : null;
    view.runs = list(active_run_ids).filter((id) => typeof id === 'string');
  } else if (frame.type === 'update_device_status') {
    const { is_processing, pending_control_requests } = fields(frame.device_status);
    view.processing = is_processing === true;
    const waiting = new Map(
      list(pending_control_requests)
        .map(fields)
        .flatMap(({ request_id: id, request }) => (typeof id === 'string' ? [[id, request] as const] : [])),
    );
    for (const id of view.pending.keys()) if (!waiting.has(id)) view.pending.delete(id);
    for (const [id, request] of waiting) remember(view, id, request, now);
    view.pendingTold = true;
  } else if (frame.type === 'update_queue') {
    view.queued = list(frame.queue).length;
  } else if (frame.type === 'control_request' && typeof frame.request_id === 'string') {
    remember(view, frame.request_id, frame.request, now);
  } else return;
  if (!isBusy(view)) view.turnSince = null;
  else view.turnSince ??= now;
}

function remember(view: View, id: string, request: unknown, now: number): void {
  const { input } = fields(request);
  if (view.pending.has(id)) return;
  const bytes = id.length + JSON.stringify(request ?? null).length;
  view.pending.set(id, { request, input_hash: hashOf(input), since: now, bytes, answered: false });
}

/** SHA-256 of the RFC 8785 form: what a decision is bound to (APR-2). */
const hashOf = (input: unknown): string | null =>
  isDeeper(input, limits.depth)
    ? null
    : createHash('sha256')
        .update(canonicalize(wellFormed(input)) ?? '')
        .digest('hex');

/** The event with the hash of every input that it shows: no stock device knows of them. */
export function withHashes(frame: Frame, view: View): Frame {
  const hashed = (one: object, id: unknown) => {
    const asked = view.pending.get(text(id) ?? '');
    return asked?.input_hash ? { ...one, input_hash: asked.input_hash } : one;
  };
  if (frame.type === 'control_request') return hashed(frame, frame.request_id) as Frame;
  if (frame.type !== 'update_device_status' || view.pending.size === 0) return frame;
  const status = fields(frame.device_status);
  const pending = list(status.pending_control_requests)
    .map(fields)
    .map((one) => hashed(one, one.request_id));
  return { ...frame, device_status: { ...status, pending_control_requests: pending } };
}
