import { failure } from '../../protocol/errors.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import { wellFormed } from '../../protocol/well-formed.ts';
import { ownRequestId } from '../external/holder.ts';
import type { Handlers, Request } from './handler.ts';

export const externalToolHandlers = {
  runtime_external_tools_update({ updates, request_id }, { device, asker }) {
    const { external } = device.host;
    const scopes = updates.flatMap(({ runtimes }) => runtimes);
    const wrong =
      repeated(scopes) ??
      missing(scopes, device) ??
      external.refusal(updates.flatMap(({ external_tools }) => external_tools));
    if (wrong) return { ok: false, failure: wrong };
    for (const { runtimes, external_tools } of updates) {
      for (const scope of runtimes) {
        const full = external.offer(asker.holder ?? request_id, scope, external_tools);
        if (full) return { ok: false, failure: full };
      }
    }
    return { ok: true, payload: {} };
  },

  external_tool_call_response(frame, { device, asker }) {
    const id = ownRequestId(frame.request_id);
    const taken = device.host.external.answer(asker.holder ?? frame.request_id, id, wellFormed(frame));
    if (taken) return { ok: true, payload: undefined };
    const why = `No call waits for an answer of yours as ${id}: it was answered, stopped, or has passed its deadline.`;
    return { ok: false, failure: failure('not_found', why) };
  },

  client_gone(_frame, { device, asker }) {
    if (asker.holder !== null) device.host.external.leave(asker.holder);
    return { ok: true, payload: undefined };
  },
} satisfies Partial<Handlers>;

/** Which of two lists would be meant? */
function repeated(scopes: readonly Scope[]) {
  const keys = scopes.map(scopeKey);
  const twice = scopes.find((scope, index) => keys.indexOf(scopeKey(scope)) !== index);
  if (!twice) return null;
  return failure(
    'frame_invalid',
    `The conversation ${twice.conversation_id} is named twice. Name each once.`,
  );
}

function missing(scopes: readonly Scope[], device: Request['device']) {
  for (const scope of scopes) {
    const found = device.conversations.find(scope);
    if (found && 'code' in found) return found;
  }
  return null;
}
