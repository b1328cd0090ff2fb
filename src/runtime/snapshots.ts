import type { State } from '../core/state.ts';
import { deviceStatus, loopStatus, pendingRequests, queueSnapshot } from '../core/status.ts';
import type { Frame } from '../protocol/frames.ts';
import type { ScopeId } from '../store/store.ts';
import type { Host } from './host.ts';

/** What happened cannot be made durable, since when and why: everything waits for that. */
export type Stalled = { readonly since: number; readonly detail: string };

/** How a conversation is now, as frames for one asker: never stored, with a key of their own and the head they reflect (SYNC-3). */
export function snapshots(scope: ScopeId, known: State, host: Host, stalled: Stalled | null = null): Frame[] {
  const state = begun(scope, known, host);
  const frame = framer(scope, host);
  return [
    deviceSnapshot(scope, known, host),
    frame('update_loop_status', {
      loop_status: { ...loopStatus(state), ...(stalled && { waiting_for: { kind: 'device', ...stalled } }) },
    }),
    frame('update_queue', { queue: queueSnapshot(state), removed: [] }),
    frame('update_subagent_state', { subagents: [] }),
    ...pendingRequests(state)
      .slice(0, 1)
      .map((pending) => frame('control_request', { ...pending, ...scope })),
  ];
}

/** The first of them alone. */
export function deviceSnapshot(scope: ScopeId, known: State, host: Host): Frame {
  const state = begun(scope, known, host);
  return framer(scope, host)('update_device_status', {
    device_status: deviceStatus(state, host.view(state.cwd)),
  });
}

/** One that has not begun will begin here. */
const begun = (scope: ScopeId, known: State, host: Host): State =>
  known.conversation_id === '' ? { ...known, ...scope, cwd: host.cwd, mode: host.mode } : known;

function framer(scope: ScopeId, host: Host) {
  const head = host.store.head(scope);
  const at = host.clock.now();
  return (type: string, body: Readonly<Record<string, unknown>>): Frame => ({
    type,
    runtime: { agent_id: scope.agent_id, conversation_id: scope.conversation_id },
    ...body,
    snapshot: true,
    log_id: head?.log_id ?? null,
    event_seq: head?.event_seq ?? 0,
    emitted_at: new Date(at).toISOString(),
    idempotency_key: `${type}:snapshot:${host.mint()}`,
  });
}
