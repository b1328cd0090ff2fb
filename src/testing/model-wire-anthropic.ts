import { type Answer, type Block, blocksOf, chunksOf } from './model-answer.ts';
import type { Encoded } from './model-playback.ts';
import { refuseAnthropic } from './model-refusal-anthropic.ts';
import { type MessagesRequest, messagesOf, readMessagesRequest } from './model-request-anthropic.ts';
import { sealOf } from './model-seal.ts';
import {
  bearerOf,
  type Envelope,
  type Failure,
  headerOf,
  type ModelWire,
  namedEvent,
  type Problem,
  refused,
  wholeJson,
} from './model-wire.ts';

/** What the API says it holds when a prompt is too long. */
const LIMIT = 200_000;

/** The Anthropic Messages API. */
export const anthropic: ModelWire<{ wire: 'anthropic'; body: MessagesRequest }> = {
  path: /^\/v1\/messages$/,
  idHeader: 'request-id',
  keyOf: (sent) => headerOf(sent, 'x-api-key') ?? bearerOf(sent),
  read: (sent) => {
    const read = readMessagesRequest(sent);
    if ('problem' in read) return read;
    const { request } = read;
    const refusal = refuseAnthropic(request);
    if (refusal !== undefined) return { problem: refused(refusal) };
    return {
      said: { wire: 'anthropic', body: request },
      messages: messagesOf(request),
      encode: (answer, envelope) => {
        const seen = withThinkingAsAsked(answer, request);
        return request.stream ? encodeStream(seen, request, envelope) : encodeWhole(seen, request, envelope);
      },
    };
  },
  fail,
};

/** Without `thinking` in the request the model does not think, and on request it thinks unseen. */
function withThinkingAsAsked(answer: Answer, { thinking }: MessagesRequest): Answer {
  if (!thinking || thinking.type === 'disabled') return { ...answer, reasoning: '' };
  return thinking.display === 'omitted' ? { ...answer, hideReasoning: true } : answer;
}

/** With a thinking budget the model always thinks, so an answer whose script does not say so thinks unseen. */
function thinksUnseen(answer: Answer, asked: MessagesRequest): boolean {
  return asked.thinking?.type === 'enabled' && answer.reasoning === '';
}

function encodeStream(answer: Answer, asked: MessagesRequest, { request }: Envelope): Encoded {
  const event = (type: string, rest: object = {}) => namedEvent(type, { type, ...rest });
  const ping = event('ping');
  const message = {
    ...messageOf(asked, request),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usageOf(answer), output_tokens: 1 },
  };
  const signature = (shown: string) => ({ type: 'signature_delta', signature: sealOf(shown, request) });
  const start = event('message_start', { message });
  const unseen =
    event('content_block_start', {
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    }) +
    event('content_block_delta', { index: 0, delta: signature('') }) +
    event('content_block_stop', { index: 0 });
  const first = thinksUnseen(answer, asked) ? 1 : 0;

  const blockChunks = (block: Block, at: number): string[] => {
    const index = first + at;
    const open = event('content_block_start', { index, content_block: emptyBlock(block) });
    const deltas = block.pieces.map((piece) =>
      event('content_block_delta', { index, delta: deltaOf(block, piece) }),
    );
    const sealed = event('content_block_delta', { index, delta: signature(textOf(block)) });
    const stop = event('content_block_stop', { index });
    // The real API says it is alive once the first block is open, and begins arguments with nothing.
    const nothing = event('content_block_delta', { index, delta: deltaOf(block, '') });
    const opening = [open, ...(at === 0 ? [ping] : []), ...(block.kind === 'call' ? [nothing] : [])];
    const closing = block.kind === 'reasoning' ? [sealed, stop] : [stop];
    return chunksOf(block, opening, deltas, closing).map((events) => events.join(''));
  };

  const { output_tokens, ...input } = usageOf(answer);
  return {
    contentType: 'text/event-stream; charset=utf-8',
    head: first === 1 ? start + unseen : start,
    body: blocksOf(answer).flatMap(blockChunks),
    tail:
      event('message_delta', { delta: endOf(answer), usage: { ...input, output_tokens } }) +
      event('message_stop'),
    garbage: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{\n\n',
    ping,
    failure: (problem) => namedEvent('error', fail(problem, request).error),
  };
}

function textOf(block: Block): string {
  return block.kind === 'call' ? block.arguments : block.text;
}

function emptyBlock(block: Block): object {
  switch (block.kind) {
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'text':
      return { type: 'text', text: '' };
    case 'call':
      return { type: 'tool_use', id: block.id, name: block.name, input: {} };
  }
}

function deltaOf(block: Block, piece: string): object {
  switch (block.kind) {
    case 'reasoning':
      return { type: 'thinking_delta', thinking: piece };
    case 'text':
      return { type: 'text_delta', text: piece };
    case 'call':
      return { type: 'input_json_delta', partial_json: piece };
  }
}

function encodeWhole(answer: Answer, asked: MessagesRequest, { request }: Envelope): Encoded {
  const unseen = { type: 'thinking', thinking: '', signature: sealOf('', request) };
  const content = blocksOf(answer).map((block) => wholeBlock(block, request));
  return wholeJson({
    ...messageOf(asked, request),
    content: thinksUnseen(answer, asked) ? [unseen, ...content] : content,
    ...endOf(answer),
    usage: usageOf(answer),
  });
}

function wholeBlock(block: Block, request: string): object {
  switch (block.kind) {
    case 'reasoning':
      return { type: 'thinking', thinking: block.text, signature: sealOf(block.text, request) };
    case 'text':
      return { type: 'text', text: block.text };
    case 'call':
      return { type: 'tool_use', id: block.id, name: block.name, input: inputOf(block.arguments) };
  }
}

/** Arguments that are no JSON come wrapped: a whole message has no room for fragments. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { INVALID_JSON: text };
  }
}

function messageOf({ model }: MessagesRequest, request: string): object {
  return { id: `msg_${request}`, type: 'message', role: 'assistant', model };
}

const STOP_REASONS: Record<Answer['finish'], string> = {
  stop: 'end_turn',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  content_filter: 'refusal',
  refusal: 'refusal',
};

function endOf({ finish }: Answer): object {
  const stop_reason = STOP_REASONS[finish];
  const end = { stop_reason, stop_sequence: null };
  if (stop_reason !== 'refusal') return end;
  return { ...end, stop_details: { type: 'refusal', category: null, explanation: null } };
}

/** The API counts what the cache gave and took apart from the rest of the input. */
function usageOf({ usage }: Answer) {
  return {
    input_tokens: Math.max(usage.input - usage.cached - usage.cacheWritten, 0),
    cache_creation_input_tokens: usage.cacheWritten,
    cache_read_input_tokens: usage.cached,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWritten, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.output,
    output_tokens_details: { thinking_tokens: usage.reasoning },
    service_tier: 'standard',
  };
}

const BY_STATUS: Readonly<Record<number, readonly [type: string, message: string]>> = {
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your credit balance is too low.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not found'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', "This request would exceed your account's rate limit. Please try again later."],
  504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'],
};

function fail(problem: Problem, request: string): Failure {
  const { status, type, message } = wordsOf(problem);
  const wait = problem.kind === 'status' ? problem.retryAfter : undefined;
  const error = { type: 'error', error: { type, message }, request_id: `req_${request}` };
  return {
    status,
    headers: wait === undefined ? {} : { 'retry-after': `${wait}` },
    body: JSON.stringify(error),
    error,
  };
}

function wordsOf(problem: Problem): { status: number; type: string; message: string } {
  switch (problem.kind) {
    case 'overflow': {
      const tokens = Math.max(problem.tokens, LIMIT + 1);
      const message = `prompt is too long: ${tokens} tokens > ${LIMIT} maximum`;
      return { status: 400, type: 'invalid_request_error', message };
    }
    case 'refused': {
      const { status = 400, message } = problem;
      return { status, type: BY_STATUS[status]?.[0] ?? 'invalid_request_error', message };
    }
    case 'key':
      return {
        status: 401,
        type: 'authentication_error',
        message: problem.given ? 'invalid x-api-key' : 'x-api-key header is required',
      };
    case 'status': {
      const { status } = problem;
      const otherwise =
        status >= 500
          ? (['api_error', 'Internal server error'] as const)
          : (['invalid_request_error', `The request was refused with status ${status}.`] as const);
      const [type, message] = BY_STATUS[status] ?? otherwise;
      return { status, type, message };
    }
  }
}
