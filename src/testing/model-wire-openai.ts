import * as z from 'zod';
import { type Answer, type Delta, deltasOf } from './model-answer.ts';
import type { Message } from './model-choice.ts';
import type { Encoded } from './model-playback.ts';

const part = z.looseObject({ type: z.string(), text: z.string().exactOptional() });
const content = z.union([z.string(), z.array(part), z.null()]).exactOptional();
const messageSchema = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['system', 'developer', 'user']), content }),
  z.looseObject({
    role: z.literal('assistant'),
    content,
    tool_calls: z
      .array(
        z.looseObject({
          id: z.string(),
          type: z.literal('function'),
          function: z.looseObject({ name: z.string(), arguments: z.string() }),
        }),
      )
      .exactOptional(),
  }),
  z.looseObject({ role: z.literal('tool'), content, tool_call_id: z.string() }),
]);

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});

/** A chat-completions request body as a client sends it; fields not named here are kept. */
export type ChatRequest = z.infer<typeof requestSchema>;

/** The body if it is one a real server takes, else what that server would say. */
export function readChatRequest(body: unknown): { request: ChatRequest } | { refusal: string } {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return { refusal: `Invalid request. ${z.prettifyError(parsed.error)}` };
  const refusal = unpairedCall(parsed.data.messages);
  return refusal ? { refusal } : { request: parsed.data };
}

/** Real servers refuse a history in which a tool call and its result do not follow each other. */
function unpairedCall(messages: ChatRequest['messages']): string | undefined {
  let open = new Set<string>();
  for (const message of messages) {
    if (message.role === 'tool') {
      if (open.delete(message.tool_call_id)) continue;
      return `Invalid 'messages': the 'tool' message for '${message.tool_call_id}' must follow a message with that id in 'tool_calls'.`;
    }
    if (open.size > 0) break;
    if (message.role === 'assistant') open = new Set(message.tool_calls?.map((call) => call.id));
  }
  if (open.size === 0) return undefined;
  return `Invalid 'messages': 'tool_calls' must be followed by one 'tool' message each. Missing: ${[...open].join(', ')}.`;
}

/** The conversation in the form scripts are chosen by. */
export function messagesOf(request: ChatRequest): Message[] {
  return request.messages.map(({ role, content: said }) => ({
    role: role === 'developer' ? 'system' : role,
    text: typeof said === 'string' ? said : (said ?? []).flatMap((p) => p.text ?? []).join('\n'),
  }));
}

/** `request` is the unique part of the answer's id, `created` in seconds. */
export type Envelope = { request: string; created: number; model: string };

/** Encodes for `stream: true` (server-sent events) or a single JSON body. */
export function encodeChat(answer: Answer, request: ChatRequest, envelope: Envelope): Encoded {
  return request.stream
    ? encodeStream(answer, request.stream_options?.include_usage === true, envelope)
    : encodeWhole(answer, envelope);
}

function encodeStream(answer: Answer, includeUsage: boolean, { request, created, model }: Envelope): Encoded {
  const common = { id: `chatcmpl-${request}`, object: 'chat.completion.chunk', created, model };
  const chunk = (rest: object) => `data: ${JSON.stringify({ ...common, ...rest })}\n\n`;
  // Servers that will send usage put `null` into every other chunk.
  const usage = includeUsage ? { usage: null } : {};
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usage });
  const deltas = deltasOf(answer);
  const total = includeUsage ? chunk({ choices: [], usage: usageOf(answer) }) : '';
  return {
    contentType: 'text/event-stream; charset=utf-8',
    head: choice({ role: 'assistant', content: answer.text === '' ? null : '' }, null),
    body: deltas.map((delta) => choice(deltaBody(delta), null)),
    tail: `${choice({}, answer.finish)}${total}data: [DONE]\n\n`,
    garbage: `data: {"id":"${common.id}","choices":[{"index":0,"delta":{"content":\n\n`,
  };
}

function deltaBody(delta: Delta): object {
  switch (delta.kind) {
    case 'reasoning':
      return { reasoning_content: delta.text };
    case 'text':
      return { content: delta.text };
    case 'call': {
      const { index, id, name } = delta;
      return { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] };
    }
    case 'arguments':
      return { tool_calls: [{ index: delta.index, function: { arguments: delta.text } }] };
  }
}

function encodeWhole(answer: Answer, { request, created, model }: Envelope): Encoded {
  const message = {
    role: 'assistant',
    content: answer.text === '' ? null : answer.text,
    ...(answer.reasoning !== '' && { reasoning_content: answer.reasoning }),
    ...(answer.calls.length > 0 && {
      tool_calls: answer.calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      })),
    }),
  };
  const json = JSON.stringify({
    id: `chatcmpl-${request}`,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finish }],
    usage: usageOf(answer),
  });
  const middle = Math.floor(json.length / 2);
  return {
    contentType: 'application/json',
    head: '',
    // In two halves, so that a fault has a middle to strike.
    body: [json.slice(0, middle), json.slice(middle)],
    tail: '',
    garbage: '<garbage>',
  };
}

function usageOf({ usage }: Answer): object {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

/** An error body in the format of the API. */
export function errorBody(status: number, message: string): string {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return JSON.stringify({ error: { message, type, param: null, code: null } });
}

/** The body of `GET /v1/models`. */
export function modelsBody(ids: readonly string[], created: number): string {
  const data = ids.map((id) => ({ id, object: 'model', created, owned_by: 'scripted' }));
  return JSON.stringify({ object: 'list', data });
}
