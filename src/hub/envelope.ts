import { type Failure, failure } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import { type Scope, scopeOf } from '../protocol/shapes.ts';
import { maxRequestId } from './stamp.ts';

export type Envelope =
  | { readonly ok: true; readonly requestId: string | undefined; readonly scope: Scope | null }
  | { readonly ok: false; readonly requestId: string | undefined; readonly failure: Failure };

/** The parts of a command that a hub itself reads; the body is for the device to check. */
export function checkEnvelope(frame: Frame, on: 'scope' | 'device' | 'link'): Envelope {
  const { request_id: requestId, runtime } = frame;
  const refuse = (code: 'frame_invalid' | 'id_too_long', message: string): Envelope => ({
    ok: false,
    requestId: typeof requestId === 'string' && code !== 'id_too_long' ? requestId : undefined,
    failure: failure(code, `The "${frame.type}" frame is not valid: ${message}.`),
  });
  if (requestId !== undefined && typeof requestId !== 'string')
    return refuse('frame_invalid', 'request_id must be a string');
  if (requestId !== undefined && requestId.length > maxRequestId) {
    return refuse('id_too_long', `request_id must have at most ${maxRequestId} characters`);
  }
  if (on !== 'scope') return { ok: true, requestId, scope: null };
  const scope = scopeOf(runtime);
  if (!scope) {
    return refuse(
      'frame_invalid',
      'runtime must be {agent_id, conversation_id}, ids of 1 to 128 of A-Z a-z 0-9 . _ : -',
    );
  }
  return { ok: true, requestId, scope };
}
