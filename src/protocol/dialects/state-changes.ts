import type { Frame } from '../frames.ts';
import { readMode } from '../modes.ts';
import { unmarked } from './legacy-commands.ts';
import { fields, text } from './loose.ts';
import type { Change, Shown, Step } from './shown.ts';

/** More of one conversation than anybody waits for; beyond that the oldest is forgotten. */
const MOST = 16;

/** Remembers what a `change_device_state` asks for. Every device sets the mode first. */
export function asked(shown: Shown, payload: unknown, asker: Change['asker']): Shown {
  const { mode, cwd } = fields(payload);
  const changes: Change[] = [...shown.changes];
  if (typeof mode === 'string') changes.push({ ack: 'mode_changed', wanted: mode, asker });
  if (typeof cwd === 'string') changes.push({ ack: 'cwd_changed', wanted: cwd.trim(), asker });
  return { ...shown, changes: changes.slice(-MOST) };
}

/** `mode_changed` and `cwd_changed`, as soon as the device's status shows the change, or its complaint that there is none. */
export const changeEvents: Step = (shown, frame) => {
  switch (frame.type) {
    case 'update_device_status':
      return statusShown(shown, frame);
    case 'stream_delta':
      return shown.changes.length > 0 ? complained(shown, frame) : [shown, []];
    // Whoever asked for what was there already sees no change, only that the command is over.
    case 'update_loop_status':
      return fields(frame.loop_status).status === 'WAITING_ON_INPUT' && frame.snapshot !== true
        ? over(shown, frame)
        : [shown, []];
    default:
      return [shown, []];
  }
};

function statusShown(shown: Shown, frame: Frame): readonly [Shown, readonly Frame[]] {
  const status = fields(frame.device_status);
  const next = {
    ...shown,
    mode: text(status.current_permission_mode) ?? null,
    cwd: text(status.current_working_directory) ?? null,
    cwdRevision: typeof status.cwd_revision === 'number' ? status.cwd_revision : 0,
  };
  if (frame.snapshot === true) return [next, []];
  const told: Frame[] = [];
  const changes = [...shown.changes];
  let before = shown;
  for (let change = changes[0]; change; change = changes[0]) {
    const verdict = judge(change, before, next);
    if (verdict === 'waits') break;
    changes.shift();
    // One move of the directory answers one change of it.
    if (change.ack === 'cwd_changed') before = next;
    told.push(acknowledged(change, next, frame, verdict === 'refused' ? notChanged(change, next) : null));
  }
  return [{ ...next, changes }, told];
}

function judge({ ack, wanted }: Change, before: Shown, now: Shown): 'done' | 'refused' | 'waits' {
  if (ack === 'mode_changed') return now.mode === (readMode(wanted) ?? wanted) ? 'done' : 'waits';
  if (now.cwd === wanted || now.cwd !== before.cwd) return 'done';
  // A path that is gone is told by a new revision of the old directory (protocol reference 3.7).
  if (now.cwdRevision > before.cwdRevision) return isAbsolute(wanted) ? 'refused' : 'done';
  return 'waits';
}

const isAbsolute = (path: string): boolean => /^(\/|\\\\|[A-Za-z]:)/.test(path);

const notChanged = ({ wanted }: Change, { cwd }: Shown): string =>
  `The directory ${wanted} cannot be used. The device still works in ${cwd ?? 'its own'}.`;

function complained(shown: Shown, frame: Frame): readonly [Shown, readonly Frame[]] {
  const { message_type, is_terminal, message } = fields(frame.delta);
  const [change, ...changes] = shown.changes;
  if (message_type !== 'loop_error' || is_terminal !== false || !change) return [shown, []];
  return [{ ...shown, changes }, [acknowledged(change, shown, frame, text(message) ?? 'It was refused.')]];
}

function over(shown: Shown, frame: Frame): readonly [Shown, readonly Frame[]] {
  const told = shown.changes.map((change) => acknowledged(change, shown, frame, null));
  return [told.length > 0 ? { ...shown, changes: [] } : shown, told];
}

function acknowledged({ ack, asker }: Change, now: Shown, frame: Frame, error: string | null): Frame {
  const value = ack === 'cwd_changed' ? { cwd: now.cwd } : { mode: now.mode };
  const outcome = error === null ? { success: true } : { success: false, error };
  return unmarked({ type: ack, runtime: frame.runtime, ...value, ...outcome }, asker);
}

/** Takes back what a command asked for that was refused as a whole; null where nothing was. */
export function withdrawn(shown: Shown, { type, requestId }: Change['asker']): Shown | null {
  const changes = shown.changes.filter(({ asker }) => asker.type !== type || asker.requestId !== requestId);
  return changes.length < shown.changes.length ? { ...shown, changes } : null;
}
