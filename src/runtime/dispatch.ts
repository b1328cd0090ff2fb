import type { Answer } from '../core/messages.ts';
import { failure } from '../protocol/errors.ts';
import type { CommandFrame, CommandType, DeviceCommandType, Frame } from '../protocol/frames.ts';
import { failedReply, okReply } from '../protocol/reply.ts';
import { missingPrivilege } from '../protocol/routing.ts';
import { checkCommand } from '../protocol/validate.ts';
import { type Consumed, StoreError } from '../store/store.ts';
import { answered, type Handler, type Home, type Outcome, type Request } from './commands/handler.ts';
import { handlers } from './commands/index.ts';
import type { Source } from './link.ts';

/** Works one frame from a link. Whatever comes of it, the asker gets exactly one answer (ERR-1). */
export async function dispatch(device: Home, frame: Frame, source: Source): Promise<void> {
  const { send } = source;
  const checked = checkCommand(frame);
  const requestId = typeof frame.request_id === 'string' ? frame.request_id : undefined;
  if (!checked.ok) return send(failedReply(checked.type, requestId, checked.failure));
  const { type } = checked;
  if (!isForDevice(type)) {
    const why = failure('frame_unknown_type', `"${type}" is for the near end of the link, not for a device.`);
    return send(failedReply(type, requestId, why));
  }
  const by = source.principalOf(frame);
  const lacking = missingPrivilege(by, frame);
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
    const told = reply.ok
      ? okReply(type, requestId, reply.fields)
      : failedReply(type, requestId, reply.failure, reply.fields);
    if (told) send(told);
  };
  // A frame with a `request_id` of its own, such as a tool request, keeps it.
  const tell = (told: Frame) => send({ ...(requestId !== undefined && { request_id: requestId }), ...told });
  const outcome = await work(type, checked.frame as never, {
    device,
    by,
    asker: { by: by.principal, holder: requestId ?? null, inbox: placeOf(frame, source), answer, tell },
  });
  if (outcome === answered) return;
  answer(
    outcome.ok
      ? { ok: true, fields: { ...(outcome.payload as object | undefined) } }
      : { ...outcome, fields: { ...scope, ...outcome.fields } },
  );
}

const isForDevice = (type: CommandType): type is DeviceCommandType => Object.hasOwn(handlers, type);

function placeOf({ inbox }: Frame, { inboxId }: Source): Consumed | null {
  if (inboxId === null || typeof inbox !== 'number' || !Number.isSafeInteger(inbox)) return null;
  return { inbox_id: inboxId, position: inbox };
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
