import { fields } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { type Scope, scopeOf } from '../../protocol/shapes.ts';
import { observe } from '../observe.ts';
import { type Mirror, stateTypes } from '../store/mirror.ts';
import type { Observed } from '../store/registry.ts';

export type HearingOptions = {
  readonly mirror: Pick<Mirror, 'append' | 'remember' | 'forget'>;
  observed(seen: Observed): void;
  /** The conversations that are known of besides those of the mirror. */
  known(): Iterable<Scope>;
  trouble(what: string, error: unknown): void;
};

/** What only a broker says, or what ends at the link: no client is to hear it from a device. */
const ofLink: ReadonlySet<string> = new Set([
  'broker_hello',
  'device_hello',
  'feed_mark',
  'device_presence',
  'listener_ready',
]);
const states: ReadonlySet<string> = new Set(stateTypes);

/**
 * Takes in a frame of a device: keeps what clients that are away will ask for. Returns whether its clients are to hear it. A device may
 * say anything, so every field is looked at before it is believed (LINK-4).
 */
export function takeIn(options: HearingOptions, frame: Frame, text: string): boolean {
  if (ofLink.has(frame.type)) return false;
  const seen = observe(frame);
  if (seen) options.observed(seen);
  const { mirror } = options;
  const scope = scopeOf(frame.runtime);
  if (frame.snapshot === true) {
    if (scope && states.has(frame.type) && !isPassing(frame)) {
      const { request_id: _, ...state } = frame;
      mirror.remember(scope, state as Frame);
    }
    return true;
  }
  if (frame.event_seq !== undefined) return takeInEvent(options, scope, frame, text);
  for (const gone of deleted(frame, options.known())) mirror.forget(gone);
  return true;
}

/** A trouble of the device, such as a full disk, which it says again while it lasts: one that restarts does not say that it is over. */
const isPassing = ({ loop_status }: Frame): boolean =>
  fields(fields(loop_status).waiting_for).kind === 'device';

/** [SEQ-4] Kept before it is told; what was told before is passed over. */
function takeInEvent(
  { mirror, trouble }: HearingOptions,
  scope: Scope | null,
  frame: Frame,
  text: string,
): boolean {
  const place = placeOf(frame);
  if (!scope || !place) {
    trouble('an event was passed over: it has no scope, no number or no log', null);
    return false;
  }
  if (!mirror.append(scope, place.logId, place.seq, text)) return false;
  if (states.has(frame.type)) mirror.remember(scope, frame);
  return true;
}

/** Where an event stands. Devices that write no `log_id` name the log in the key, `type:log_id:event_seq`. */
function placeOf(frame: Frame): { readonly logId: string; readonly seq: number } | null {
  const { type, event_seq: seq, log_id, idempotency_key: key } = frame;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return null;
  const end = `:${seq}`;
  const named =
    typeof key === 'string' && key.startsWith(`${type}:`) && key.endsWith(end)
      ? key.slice(type.length + 1, -end.length)
      : null;
  const logId = typeof log_id === 'string' ? log_id : named;
  return logId && logId.length <= limits.id ? { logId, seq } : null;
}

/** The conversations that a reply says are no more. */
function deleted(frame: Frame, known: Iterable<Scope>): readonly Scope[] {
  if (frame.success !== true) return [];
  if (frame.type === 'agent_delete_response' && typeof frame.agent_id === 'string') {
    const own = scopeOf({ agent_id: frame.agent_id, conversation_id: 'default' });
    const others = [...known].filter(({ agent_id }) => agent_id === frame.agent_id);
    return own ? [own, ...others] : others;
  }
  if (frame.type !== 'conversation_delete_response') return [];
  const scope = scopeOf(frame.runtime);
  return scope ? [scope] : [];
}
