import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CommandFrame } from '../../protocol/frames.ts';
import { inputContent, inputKey } from '../../protocol/input-identity.ts';
import { idPattern } from '../../protocol/shapes.ts';
import { wellFormed } from '../../protocol/well-formed.ts';
import type { Asker } from '../conversation.ts';
import { receiptFrame } from '../receipts.ts';
import { answered, type Handlers, type Request } from './handler.ts';
import { remembering } from './remember.ts';

type Payload = CommandFrame<'input'>['payload'];
type Message = Extract<Payload, { kind: 'create_message' }>['messages'][number];

export const inputHandlers = {
  input(frame, request) {
    const { payload, runtime } = frame;
    if (payload.kind === 'create_message') return send(frame, payload, request);
    const conversation = request.device.conversations.find(runtime);
    if (!conversation) {
      const message = 'Approval request is no longer pending: the conversation does not exist.';
      return { ok: false, failure: { code: 'approval_not_pending', message } };
    }
    if ('code' in conversation) return { ok: false, failure: conversation };
    const { decision, error } = payload;
    if (!decision && error === undefined) {
      const message = 'An approval_response needs a decision (allow, or deny with a message) or an error.';
      return { ok: false, failure: { code: 'input_invalid', message } };
    }
    const allow = error === undefined && decision?.behavior === 'allow';
    const ids = (allow && decision.behavior === 'allow' && decision.selected_permission_suggestion_ids) || [];
    conversation.obey(
      {
        do: 'decide',
        request_id: payload.request_id,
        allow,
        message: error ?? decision?.message ?? null,
        updated_input: allow && decision.behavior === 'allow' ? (decision.updated_input ?? null) : null,
        input_hash: payload.input_hash ?? null,
      },
      ids.length > 0 ? remembering({ ...request, conversation }, payload.request_id, ids) : request.asker,
    );
    return answered;
  },

  input_receipt_get(frame, { device }) {
    const { agent_id, conversation_id } = frame.runtime;
    const scope = { agent_id, conversation_id };
    const record = device.host.store.input(scope, frame.client_message_id);
    if (!record) {
      const message = `No input ${frame.client_message_id} was accepted in this conversation.`;
      return { ok: false, failure: { code: 'input_not_found', message } };
    }
    const { type: _, ...receipt } = receiptFrame(
      scope,
      { ...record, client_message_id: record.key },
      record.at,
    );
    return { ok: true, payload: { receipt: receipt as never } };
  },
} satisfies Partial<Handlers>;

function send(
  frame: CommandFrame<'input'>,
  payload: Extract<Payload, { kind: 'create_message' }>,
  request: Request,
) {
  const { device, asker } = request;
  const conversation = device.conversations.findOrCreate(frame.runtime);
  if ('code' in conversation) return { ok: false as const, failure: conversation };
  const { messages, kind: _kind, supports_control_response: _ignored, ...template } = wellFormed(payload);
  conversation.obey(
    {
      do: 'input',
      messages,
      client_message_id: inputKey(messages) ?? `cm-${device.host.mint()}`,
      input_id: parkedAs(frame, asker) ?? `input-${device.host.mint()}`,
      hash: contentHash(messages),
      template: canonicalize(template) ?? '{}',
      known: null,
    },
    asker,
  );
  return answered;
}

/** What waited at a broker keeps the id that its receipts have had from there. */
function parkedAs({ input_id: given }: CommandFrame<'input'>, { inbox }: Asker): string | null {
  return inbox !== null && typeof given === 'string' && idPattern.test(given) ? given : null;
}

const contentHash = (messages: readonly Message[]): string =>
  createHash('sha256').update(inputContent(messages)).digest('hex');
