import * as z from 'zod';
import { type Answer, type Delta, deltasOf } from './model-answer.ts';
import type { Message } from './model-choice.ts';
import { openaiFailure } from './model-error-openai.ts';
import type { Encoded } from './model-playback.ts';
import { bearerOf, type Envelope, type ModelWire, type Problem, refused, wholeJson } from './model-wire.ts';

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

/** OpenAI chat completions, as also spoken by most servers that run models locally. */
export const openaiChat: ModelWire<{ wire: 'openai-chat'; body: ChatRequest }> = {
  path: /^\/v1\/chat\/completions$/,
  idHeader: 'x-request-id',
  keyOf: bearerOf,
  read: ({ body }) => {
    const parsed = requestSchema.safeParse(body);
    if (!parsed.success) return { problem: refused(`Invalid request. ${z.prettifyError(parsed.error)}`) };
    const request = parsed.data;
    const refusal = unpairedCall(request.messages);
    if (refusal) return { problem: refused(refusal, { param: 'messages' }) };
    return {
      said: { wire: 'openai-chat', body: request },
      messages: messagesOf(request),
      encode: (answer, envelope) =>
        request.stream
          ? encodeStream(answer, request, envelope)
          : encodeWhole(answer, { ...envelope, model: request.model }),
    };
  },
  fail: (problem) => openaiFailure(problem, 'messages'),
};

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
function messagesOf(request: ChatRequest): Message[] {
  return request.messages.map(({ role, content: said }) => ({
    role: role === 'developer' ? 'system' : role,
    text: typeof said === 'string' ? said : (said ?? []).flatMap((p) => p.text ?? []).join('\n'),
  }));
}

function encodeStream(answer: Answer, asked: ChatRequest, { request, created }: Envelope): Encoded {
  const includeUsage = asked.stream_options?.include_usage === true;
  const common = { id: `chatcmpl-${request}`, object: 'chat.completion.chunk', created, model: asked.model };
  const chunk = (rest: object) => `data: ${JSON.stringify({ ...common, ...rest })}\n\n`;
  // Servers that will send usage put `null` into every other chunk.
  const usage = includeUsage ? { usage: null } : {};
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usage });
  const declines = answer.finish === 'refusal';
  const total = includeUsage ? chunk({ choices: [], usage: usageOf(answer) }) : '';
  return {
    contentType: 'text/event-stream; charset=utf-8',
    head: choice({ role: 'assistant', content: answer.text === '' || declines ? null : '' }, null),
    body: deltasOf(answer).map((delta) => choice(deltaBody(delta, declines), null)),
    tail: `${choice({}, finishOf(answer))}${total}data: [DONE]\n\n`,
    garbage: `data: {"id":"${common.id}","choices":[{"index":0,"delta":{"content":\n\n`,
    ping: ': keep-alive\n\n',
    failure: (problem: Problem) =>
      `data: ${JSON.stringify({ error: openaiFailure(problem, 'messages').error })}\n\n`,
  };
}

/** A model that declines ends as usual; that it declined shows in `refusal` alone. */
function finishOf({ finish }: Answer): string {
  return finish === 'refusal' ? 'stop' : finish;
}

function deltaBody(delta: Delta, declines: boolean): object {
  switch (delta.kind) {
    case 'reasoning':
      return { reasoning_content: delta.text };
    case 'text':
      return declines ? { refusal: delta.text } : { content: delta.text };
    case 'call': {
      const { index, id, name } = delta;
      return { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] };
    }
    case 'arguments':
      return { tool_calls: [{ index: delta.index, function: { arguments: delta.text } }] };
  }
}

function encodeWhole(answer: Answer, { request, created, model }: Envelope & { model: string }): Encoded {
  const declines = answer.finish === 'refusal';
  const message = {
    role: 'assistant',
    content: answer.text === '' || declines ? null : answer.text,
    ...(declines && { refusal: answer.text }),
    ...(answer.reasoning !== '' && !answer.hideReasoning && { reasoning_content: answer.reasoning }),
    ...(answer.calls.length > 0 && {
      tool_calls: answer.calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      })),
    }),
  };
  return wholeJson({
    id: `chatcmpl-${request}`,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(answer) }],
    usage: usageOf(answer),
  });
}

function usageOf({ usage }: Answer): object {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cached,
      ...(usage.cacheWritten > 0 && { cache_write_tokens: usage.cacheWritten }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}
