import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Parked } from '../store/inbox.ts';
import { deviceStatusIn, loopStatusIn, pendingIn, queueIn, restsIn, subagentsIn } from './latest.ts';
import { parkedItems } from './parking.ts';
import type { Presence } from './presence.ts';

/** What a broker knows of one conversation. */
export type View = {
  readonly scope: Scope;
  /** Of the mirror: the latest states, and the head that they are told with. */
  readonly latest: readonly Frame[];
  readonly head: { readonly log_id: string; readonly event_seq: number } | null;
  readonly parked: readonly Parked[];
  readonly presence: Presence;
  readonly now: number;
  mint(): string;
};

/** Something that waits for the device waits here: a turn under way, or what is parked. */
export const waitsForDevice = ({ presence, latest, parked }: View): boolean =>
  !presence.online && (!restsIn(latest) || parked.length > 0);

/** [SYNC-3] How a conversation is as far as a broker knows, to be said to one asker or to all; never stored. */
export const stateSnapshots = (view: View): readonly Frame[] => [
  deviceStatusSnapshot(view),
  loopStatusSnapshot(view),
  queueSnapshot(view),
  snapshot(view, 'update_subagent_state', { subagents: subagentsIn(view.latest) }),
];

export function deviceStatusSnapshot(view: View): Frame {
  const { online, connectionId, connectionName } = view.presence;
  // What a conversation begins with, for one that was never heard of.
  const initial = {
    is_processing: false,
    current_permission_mode: 'standard',
    current_working_directory: null,
  };
  const device_status = {
    ...initial,
    ...deviceStatusIn(view.latest),
    is_online: online,
    current_connection_id: connectionId,
    ...(connectionName !== null && { connection_name: connectionName }),
  };
  return snapshot(view, 'update_device_status', { device_status });
}

export function loopStatusSnapshot(view: View): Frame {
  const { since, connectionName } = view.presence;
  const detail = `${connectionName ?? 'The device'} is away`;
  const waiting_for = { kind: 'device', since, detail };
  const loop_status = {
    status: 'WAITING_ON_INPUT',
    active_run_ids: [],
    ...loopStatusIn(view.latest),
    ...(waitsForDevice(view) && { waiting_for }),
  };
  return snapshot(view, 'update_loop_status', { loop_status });
}

/** The device's queue as it was last heard, and behind it what waits here. */
export function queueSnapshot(view: View): Frame {
  const onDevice = queueIn(view.latest);
  const known = new Set(onDevice.map((item) => item.client_message_id));
  const here = parkedItems(view.parked).filter((item) => !known.has(item.client_message_id));
  return snapshot(view, 'update_queue', { queue: [...onDevice, ...here], removed: [] });
}

/** The one tool request that a person is asked about now, if any. */
export function requestSnapshot(view: View): Frame | null {
  const [first] = pendingIn(view.latest);
  if (!first) return null;
  const { request_id, request, input_hash } = first;
  const { agent_id, conversation_id } = view.scope;
  const body = { request_id, request, ...(input_hash !== null && { input_hash }) };
  return snapshot(view, 'control_request', { ...body, agent_id, conversation_id });
}

function snapshot(view: View, type: string, body: Readonly<Record<string, unknown>>): Frame {
  const { scope, head, now } = view;
  return {
    type,
    runtime: { agent_id: scope.agent_id, conversation_id: scope.conversation_id },
    ...body,
    snapshot: true,
    log_id: head?.log_id ?? null,
    event_seq: head?.event_seq ?? 0,
    emitted_at: new Date(now).toISOString(),
    idempotency_key: `${type}:snapshot:${view.mint()}`,
  };
}
