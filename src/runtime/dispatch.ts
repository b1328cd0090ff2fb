import type { Answer } from '../core/messages.ts';
import { readFrame } from '../link/read-frame.ts';
import { failure } from '../protocol/errors.ts';
import type { CommandFrame, DeviceCommandType, Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { owner, type Principal } from '../protocol/privileges.ts';
import { failedReply, okReply } from '../protocol/reply.ts';
import { missingPrivilege } from '../protocol/routing.ts';
import { checkCommand } from '../protocol/validate.ts';
import { StoreError } from '../store/store.ts';
import { answered, type Handler, type Home, type Outcome, type Request } from './commands/handler.ts';
import { handlers } from './commands/index.ts';

/** Works one frame from a link. Whatever comes of it, the asker gets exactly one answer (ERR-1). */
export async function dispatch(device: Home, text: string, send: (frame: Frame) => void): Promise<void> {
  const read = readFrame(text, { maxBytes: limits.frameFromDevice });
  if (!read.ok) return send({ type: 'error', message: read.message, code: read.code });
  const checked = checkCommand(read.frame);
  const requestId = typeof read.frame.request_id === 'string' ? read.frame.request_id : undefined;
  if (!checked.ok) return send(failedReply(checked.type, requestId, checked.failure));
  const type = checked.type as DeviceCommandType;
  const by = (read.frame.auth as Principal | undefined) ?? owner('link');
  const lacking = missingPrivilege(by, read.frame);
  if (lacking) {
    return send(
      failedReply(
        type,
        requestId,
        failure(
          'forbidden',
          `This needs the privilege ${lacking}, which ${by.principal} does not have here.`,
        ),
      ),
    );
  }
  const scope = 'runtime' in checked.frame ? { runtime: checked.frame.runtime } : {};
  const answer = (reply: Answer) => {
    const frame = reply.ok
      ? okReply(type, requestId, reply.fields)
      : failedReply(type, requestId, reply.failure, reply.fields);
    if (frame) send(frame);
  };
  // A frame with a `request_id` of its own, such as a tool request, keeps it.
  const tell = (frame: Frame) =>
    send({ ...(requestId !== undefined && { request_id: requestId }), ...frame });
  const outcome = await work(type, checked.frame as never, {
    device,
    by,
    asker: { by: by.principal, answer, tell },
  });
  if (outcome === answered) return;
  answer(
    outcome.ok
      ? { ok: true, fields: { ...(outcome.payload as object | undefined) } }
      : { ...outcome, fields: { ...scope, ...outcome.fields } },
  );
}

async function work<T extends DeviceCommandType>(
  type: T,
  frame: CommandFrame<T>,
  request: Request,
): Promise<Outcome<T>> {
  try {
    const handler: Handler<T> = handlers[type];
    return await handler(frame, request);
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, failure: failure(error.code, error.message) };
    request.device.host.trouble(`the command ${type} failed`, error);
    return {
      ok: false,
      failure: failure(
        'internal',
        'The runtime failed to work this command; it may have been done in part. The log of the runtime says more.',
      ),
    };
  }
}
