import type { Failure } from '../../protocol/errors.ts';
import type { CommandFrame } from '../../protocol/frames.ts';
import type { Asker } from '../conversation.ts';
import { agentHandlers } from './agents.ts';
import { conversationHandlers } from './conversations.ts';
import { answered, type Handlers, type Request } from './handler.ts';
import { keepSettings } from './runtime-start-settings.ts';
import { readWishes, type Wishes } from './runtime-start-wishes.ts';

type Start = CommandFrame<'runtime_start'>;

/** What is known so far; a failure tells as much of it (protocol reference 3.8). */
type Made = {
  readonly agent: Record<string, unknown> | null;
  readonly conversation: Record<string, unknown> | null;
  readonly created: { readonly agent: boolean; readonly conversation: boolean };
};
type Refused = { readonly failure: Failure };
type Step = Made | (Refused & { readonly made: Made });

const nothing: Made = { agent: null, conversation: null, created: { agent: false, conversation: false } };

export const runtimeStartHandlers = {
  runtime_start(frame, request) {
    const wishes = readWishes(frame, request.device.host);
    if ('code' in wishes) return { ok: false, failure: wishes };
    const withAgent = findAgent(frame, request);
    const made = 'failure' in withAgent ? withAgent : findConversation(frame, withAgent, request);
    if ('failure' in made) return { ok: false, failure: made.failure, fields: made.made };
    const failed = begin(frame, wishes, made, request);
    return failed ? { ok: false, failure: failed, fields: made } : answered;
  },
} satisfies Partial<Handlers>;

function findAgent({ agent_id, create_agent }: Start, request: Request): Step {
  if (create_agent) {
    const { body } = create_agent;
    const { payload } = agentHandlers.agent_create({ type: 'agent_create', request_id: '', body }, request);
    return { ...nothing, agent: payload.agent, created: { agent: true, conversation: false } };
  }
  const outcome = agentHandlers.agent_retrieve(
    { type: 'agent_retrieve', request_id: '', agent_id: agent_id ?? '' },
    request,
  );
  return outcome.ok
    ? { ...nothing, agent: outcome.payload.agent }
    : { failure: outcome.failure, made: nothing };
}

function findConversation(frame: Start, made: Made, request: Request): Step {
  const agent_id = String(made.agent?.id);
  const { conversation_id } = frame;
  if (conversation_id === undefined) {
    const body = { ...frame.create_conversation?.body, agent_id };
    const outcome = conversationHandlers.conversation_create(
      { type: 'conversation_create', request_id: '', body },
      request,
    );
    if (!outcome.ok) return { failure: outcome.failure, made };
    const created = { ...made.created, conversation: true };
    return { ...made, conversation: outcome.payload.conversation, created };
  }
  const found = request.device.conversations.find({ agent_id, conversation_id });
  if (found && 'code' in found) return { failure: found, made };
  const outcome = conversationHandlers.conversation_retrieve(
    { type: 'conversation_retrieve', request_id: '', conversation_id, query: { agent_id } },
    request,
  );
  return outcome.ok
    ? { ...made, conversation: outcome.payload.conversation }
    : { failure: outcome.failure, made };
}

/** Everything is known to be right: the conversation takes the changes, and answers when they are durable. */
function begin(frame: Start, wishes: Wishes, made: Made, { device, asker }: Request): Failure | null {
  const scope = { agent_id: String(made.agent?.id), conversation_id: String(made.conversation?.id) };
  const { store, external } = device.host;
  const conversation = device.conversations.findOrCreate(scope);
  if ('code' in conversation) return conversation;
  keepSettings(store, scope, frame);

  const replay = (): void => {
    for (const snapshot of conversation.snapshots())
      if (snapshot.type !== 'control_request' || frame.recover_approvals !== false) asker.tell(snapshot);
  };
  const answer: Asker['answer'] = (told) => {
    const holder = asker.holder ?? frame.request_id;
    const failed = told.ok ? external.offer(holder, scope, frame.external_tools ?? []) : told.failure;
    if (failed) return asker.answer({ ok: false, failure: failed, fields: { ...made, runtime: null } });
    const { execution_settings } = frame;
    const fields = { ...made, runtime: scope, ...(execution_settings && { execution_settings }) };
    if (frame.wait_for_replay) replay();
    asker.answer({ ok: true, fields });
    if (!frame.wait_for_replay) replay();
  };
  conversation.obey({ do: 'configure', ...wishes }, { ...asker, answer });
  return null;
}
