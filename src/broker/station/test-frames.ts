/** The conversation of most tests of a station. */
export const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };

/** A message; `id` null: without an identity of its own. */
export const say = (id: string | null, content = `say ${id}`, runtime = scope) => ({
  type: 'input',
  request_id: `r-${id}`,
  runtime,
  payload: {
    kind: 'create_message',
    messages: [{ role: 'user', content, ...(id !== null && { client_message_id: id }) }],
  },
});
