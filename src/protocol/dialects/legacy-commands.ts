import type { Frame } from '../frames.ts';
import { fields, text } from './loose.ts';

/**
 * Commands that the first documents name or that clients of their time sent, by the command that does their work today. Their bodies
 * were never shown: what they ask for is taken from the frame itself or from its `payload`.
 */
const translations: ReadonlyMap<string, (asked: Asked) => Frame> = new Map(
  Object.entries({
    change_cwd: ({ cwd }: Asked) => ({ type: 'change_device_state', payload: { cwd: text(cwd) ?? '' } }),
    change_mode: ({ mode }: Asked) => ({ type: 'change_device_state', payload: { mode: text(mode) ?? '' } }),
    request_state: () => ({ type: 'sync', recover_approvals: true, force_device_status: true }),
    recover_pending_approvals: () => ({ type: 'sync', recover_approvals: true }),
    cancel_run: ({ run_id }: Asked) => ({ type: 'abort_message', ...(run_id !== undefined && { run_id }) }),
  }),
);
type Asked = Readonly<Record<string, unknown>>;

export const isLegacyCommand = (type: string): boolean => translations.has(type);

/** Which command asked, and under which `request_id`. */
export type Asker = { readonly type: string; readonly requestId: string | undefined };

/** The command of today, with a `request_id` that tells who asked; null where `frame` is none of the old ones. */
export function translated(frame: Frame): Frame | null {
  const translate = translations.get(frame.type);
  if (!translate) return null;
  const { runtime, payload } = frame;
  const today = translate({ ...fields(payload), ...frame });
  return { ...today, ...(runtime !== undefined && { runtime }), ...markOf(frame) };
}

/**
 * A `request_id` that brings every answer back to the old command, also where the client gave none: the mark comes back with the answer,
 * so that nothing has to be remembered. A `request_id` that is no string is left for the hub to refuse.
 */
export function markOf({ type, request_id }: Frame): { readonly request_id: unknown } {
  if (request_id === undefined) return { request_id: `${MARK}${type}!` };
  return { request_id: typeof request_id === 'string' ? `${MARK}${type}:${request_id}` : request_id };
}

const MARK = '\u0001';

/** Who asked, read from a marked `request_id`; null for every other one. */
export function askerOf(requestId: unknown): Asker | null {
  const marked = text(requestId);
  if (!marked?.startsWith(MARK)) return null;
  const end = marked.search(/[:!]/);
  const type = marked.slice(MARK.length, end);
  return { type, requestId: marked[end] === ':' ? marked.slice(end + 1) : undefined };
}

/** `frame` as it is told to who asked: under the client's own `request_id`, or none. */
export function unmarked({ request_id: _, type, ...body }: Frame, { requestId }: Asker): Frame {
  return { type, ...(requestId !== undefined && { request_id: requestId }), ...body };
}
