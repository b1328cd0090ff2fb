import { limits } from '../../src/protocol/limits.ts';

/** What is sent, and the code and some words of the one answer. */
export type BadFrame = readonly [what: string, sent: object | string, code: string, words: string];

/** Frames that cannot be read, or that nobody knows; `error` answers them. */
export const unreadable: readonly BadFrame[] = [
  ['half a frame', '{"type":"sync","runtime":', 'frame_not_json', 'one JSON object'],
  ['nothing', '', 'frame_not_json', 'one JSON object'],
  ['a text', '"sync"', 'frame_not_object', 'no object'],
  ['a list of frames', '[{"type":"ping"},{"type":"ping"}]', 'frame_not_object', 'no object'],
  ['null', 'null', 'frame_not_object', 'no object'],
  ['no type', {}, 'frame_no_type', '"type"'],
  ['a type that is a number', { type: 5 }, 'frame_no_type', '"type"'],
  ['a mistyped command', { type: 'imput' }, 'frame_unknown_type', 'Did you mean "input"?'],
  ['a type that every object has', { type: '__proto__' }, 'frame_unknown_type', 'PROTOCOL.md'],
  ['another one', { type: 'constructor' }, 'frame_unknown_type', 'is no command'],
  ['an event', { type: 'turn_finished', turn_id: 'x' }, 'frame_unknown_type', 'but an event'],
  ['a reply', { type: 'input_accepted', accepted: true }, 'frame_unknown_type', 'but a reply'],
  ['a door', { type: 'door', origin: 'direct' }, 'frame_unknown_type', 'is no command'],
  ['levels without end', `{"type":"ping","x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 'frame_too_deep', '64'],
  [
    'one level too many',
    `{"type":"ping","x":${'['.repeat(limits.depth)}${']'.repeat(limits.depth)}}`,
    'frame_too_deep',
    '64',
  ],
  ['a request id that is a number', { type: 'agent_list', request_id: 5 }, 'frame_invalid', 'request_id'],
  ['an endless request id', { type: 'agent_list', request_id: 'x'.repeat(234) }, 'id_too_long', '233'],
];

const messages = (...of: unknown[]) => ({ payload: { kind: 'create_message', messages: of } });
const said = (message: object) => messages({ role: 'user', content: 'hi', ...message });
const answer = (fields: object) => ({
  payload: { kind: 'approval_response', request_id: 'perm-1', ...fields },
});

const rows: readonly (readonly [type: string, fields: object, words: string, code?: string])[] = [
  ['input', { runtime: 'conv-1' }, 'runtime'],
  ['input', { runtime: { agent_id: 5, conversation_id: 'default' } }, 'runtime'],
  ['input', { runtime: { agent_id: 'a', conversation_id: '../../etc' } }, 'runtime'],
  ['input', { runtime: { agent_id: 'a', conversation_id: 'x'.repeat(129) } }, 'runtime'],
  ['input', {}, 'payload'],
  ['input', { payload: [] }, 'payload'],
  ['input', { payload: { kind: 'shout' } }, 'payload.kind'],
  ['input', { payload: { kind: 'create_message', messages: {} } }, 'payload.messages'],
  ['input', messages(null), 'payload.messages[0]'],
  ['input', messages({ role: 'user' }, 'hi'), 'payload.messages[1]'],
  ['input', said({ content: 5 }), 'content'],
  ['input', said({ content: [null] }), 'content'],
  ['input', said({ client_message_id: 7 }), 'client_message_id'],
  ['input', said({ client_message_id: 'x'.repeat(257) }), 'client_message_id', 'id_too_long'],
  ['input', said({ type: 'approval' }), 'approval_response'],
  ['input', messages(), 'content', 'input_invalid'],
  ['input', messages({ role: 'user' }), 'content', 'input_invalid'],
  ['input', answer({}), 'decision'],
  ['input', answer({ request_id: 9, decision: { behavior: 'allow' } }), 'payload.request_id'],
  ['input', answer({ decision: { behavior: 'maybe' } }), 'behavior'],
  ['input', answer({ decision: { behavior: 'deny' } }), 'message'],
  ['input', answer({ decision: { behavior: 'allow', updated_input: 'rm' } }), 'updated_input'],
  ['sync', { after_event_seq: -1 }, 'after_event_seq'],
  ['sync', { after_event_seq: '7' }, 'after_event_seq'],
  ['sync', { log_id: 5 }, 'log_id'],
  ['abort_message', { run_id: 5 }, 'run_id'],
  ['remove_queue_item', {}, 'item_id'],
  ['remove_queue_item', { item_id: 'q-999' }, 'q-999', 'queue_item_not_found'],
  ['agent_create', {}, 'body'],
  ['agent_create', { body: { name: 5 } }, 'body.name'],
  ['agent_retrieve', {}, 'agent_id'],
  ['agent_retrieve', { agent_id: 'agent-nobody' }, 'agent-nobody', 'agent_not_found'],
  ['agent_delete', { agent_id: 'agent-nobody' }, 'agent-nobody', 'agent_not_found'],
  ['conversation_create', { body: { id: '../x' } }, 'id'],
  ['conversation_create', { body: { id: 'conv-calm' } }, 'conv-calm', 'conversation_exists'],
  ['conversation_retrieve', { conversation_id: 'conv-none' }, 'conv-none', 'conversation_not_found'],
  ['conversation_messages_list', { conversation_id: 'conv-calm', query: { limit: 'all' } }, 'limit'],
  ['conversation_messages_list', { conversation_id: 'conv-calm', query: { limit: -1 } }, 'limit'],
  [
    'conversation_messages_list',
    { conversation_id: 'conv-calm', query: { before: 'no-such' } },
    'no-such',
    'input_not_found',
  ],
  ['input_receipt_get', { client_message_id: 'cm-none' }, 'cm-none', 'input_not_found'],
];

/** Fields of the wrong kind, by command; its own reply answers them. `runtime` is added where the row has none. */
export const misshapen = rows.map(
  ([type, fields, words, code = 'frame_invalid']) => [type, fields, words, code] as const,
);
