import { type Answer, type Block, blocksOf, chunksOf } from './model-answer.ts';
import { openaiError, openaiFailure } from './model-error-openai.ts';
import { itemId } from './model-item-id.ts';
import type { Encoded } from './model-playback.ts';
import { refuseResponses } from './model-refusal-openai-responses.ts';
import { messagesOf, type ResponsesRequest, readResponsesRequest } from './model-request-openai-responses.ts';
import { sealOf } from './model-seal.ts';
import {
  bearerOf,
  type Envelope,
  type ModelWire,
  namedEvent,
  type Problem,
  wholeJson,
} from './model-wire.ts';

/** The OpenAI Responses API, without stored responses: what a client wants remembered it sends again. */
export const openaiResponses: ModelWire<{ wire: 'openai-responses'; body: ResponsesRequest }> = {
  path: /^\/v1\/responses$/,
  idHeader: 'x-request-id',
  keyOf: bearerOf,
  read: ({ body }) => {
    const read = readResponsesRequest(body);
    if ('problem' in read) return read;
    const { request } = read;
    const problem = refuseResponses(request);
    if (problem) return { problem };
    return {
      said: { wire: 'openai-responses', body: request },
      messages: messagesOf(request),
      encode: (answer, envelope) => {
        const written = { answer: withSummaryAsAsked(answer, request), request, envelope };
        return request.stream ? encodeStream(written) : wholeJson(responseOf(written, endOf(written)));
      },
    };
  },
  fail: (problem) => openaiFailure(problem, 'input'),
};

/** Reasoning is summed up only for those who ask for it; its item comes anyway. */
function withSummaryAsAsked(answer: Answer, { reasoning }: ResponsesRequest): Answer {
  return reasoning?.summary ? answer : { ...answer, hideReasoning: true };
}

/** Everything an answer is written from. */
type Written = { answer: Answer; request: ResponsesRequest; envelope: Envelope };
type Event = { type: string } & Record<string, unknown>;
type Item = { id: string; type: string } & Record<string, unknown>;

function encodeStream(written: Written): Encoded {
  const { answer } = written;
  const running = responseOf(written, { status: 'in_progress', output: [] });
  const chunks = blocksOf(answer).flatMap((block, at) => blockEvents(written, block, at));
  const end = endOf(written);
  const head = [
    { type: 'response.created', response: running },
    { type: 'response.in_progress', response: running },
  ];
  const body: string[] = [];
  // The number of the first event after so many chunks.
  const next = [head.length];
  for (const events of chunks) {
    const from = next.at(-1) ?? 0;
    body.push(numbered(events, from));
    next.push(from + events.length);
  }
  return {
    contentType: 'text/event-stream; charset=utf-8',
    head: numbered(head, 0),
    body,
    tail: numbered(
      [{ type: `response.${end.status}`, response: responseOf(written, end) }],
      next.at(-1) ?? 0,
    ),
    garbage: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":\n\n',
    ping: ': keep-alive\n\n',
    failure: (problem, after) => numbered(failureEvents(written, problem), next[after] ?? 0),
  };
}

function numbered(events: readonly Event[], from: number): string {
  return events
    .map(({ type, ...rest }, i) => namedEvent(type, { type, sequence_number: from + i, ...rest }))
    .join('');
}

/** The real API tells a failure twice: by an `error` event and by how the response ended. */
function failureEvents(written: Written, problem: Problem): Event[] {
  const { error } = openaiError(problem, 'input');
  const response = responseOf(written, {
    status: 'failed',
    output: [],
    error: { code: error.code ?? error.type, message: error.message },
  });
  return [
    { type: 'error', error },
    { type: 'response.failed', response },
  ];
}

function blockEvents(written: Written, block: Block, output_index: number): Event[][] {
  const declines = written.answer.finish === 'refusal';
  const { open: item, done } = itemOf(written, block, output_index);
  const at = { item_id: item.id, output_index };
  const added = { type: 'response.output_item.added', output_index, item };
  const finished = { type: 'response.output_item.done', output_index, item: done };
  switch (block.kind) {
    case 'call': {
      const type = 'response.function_call_arguments';
      const deltas = block.pieces.map((delta) => ({ type: `${type}.delta`, ...at, delta }));
      const whole = { type: `${type}.done`, ...at, name: block.name, arguments: block.arguments };
      return chunksOf<Event>(block, [added], deltas, [whole, finished]);
    }
    case 'reasoning': {
      if (block.text === '') return [[added, finished]];
      const place = { ...at, summary_index: 0 };
      const part = (text: string) => ({ type: 'summary_text', text });
      const names = { part: 'response.reasoning_summary_part', text: 'response.reasoning_summary_text' };
      return chunksOf<Event>(
        block,
        [added, { type: `${names.part}.added`, ...place, part: part('') }],
        block.pieces.map((delta) => ({ type: `${names.text}.delta`, ...place, delta })),
        [
          { type: `${names.text}.done`, ...place, text: block.text },
          { type: `${names.part}.done`, ...place, part: part(block.text) },
          finished,
        ],
      );
    }
    case 'text': {
      const place = { ...at, content_index: 0 };
      const type = declines ? 'response.refusal' : 'response.output_text';
      const whole = declines ? { refusal: block.text } : { text: block.text, logprobs: [] };
      const more = declines ? {} : { logprobs: [] };
      return chunksOf<Event>(
        block,
        [added, { type: 'response.content_part.added', ...place, part: partOf(declines, '') }],
        block.pieces.map((delta) => ({ type: `${type}.delta`, ...place, delta, ...more })),
        [
          { type: `${type}.done`, ...place, ...whole },
          { type: 'response.content_part.done', ...place, part: partOf(declines, block.text) },
          finished,
        ],
      );
    }
  }
}

/** The item a block becomes: `open` as it is announced, `done` as it is in the end. */
function itemOf(written: Written, block: Block, at: number): { open: Item; done: Item } {
  const { answer, request, envelope } = written;
  const id = itemId(block.kind, envelope.request, at, answer.reasoning !== '');
  const status = incompleteReason(answer) && at === blocksOf(answer).length - 1 ? 'incomplete' : 'completed';
  switch (block.kind) {
    case 'reasoning': {
      const sealed = request.include?.includes('reasoning.encrypted_content');
      const item = { id, type: 'reasoning', ...(sealed && { encrypted_content: sealOf(block.text, id) }) };
      const summary = block.text === '' ? [] : [{ type: 'summary_text', text: block.text }];
      return { open: { ...item, summary: [] }, done: { ...item, summary } };
    }
    case 'text': {
      const item = { id, type: 'message', role: 'assistant' };
      const content = [partOf(answer.finish === 'refusal', block.text)];
      return { open: { ...item, status: 'in_progress', content: [] }, done: { ...item, status, content } };
    }
    case 'call': {
      const item = { id, type: 'function_call', call_id: block.id, name: block.name };
      const done = { ...item, status, arguments: block.arguments };
      return { open: { ...item, status: 'in_progress', arguments: '' }, done };
    }
  }
}

function partOf(declines: boolean, text: string): object {
  if (declines) return { type: 'refusal', refusal: text };
  return { type: 'output_text', annotations: [], logprobs: [], text };
}

function incompleteReason({ finish }: Answer): string | undefined {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'content_filter' ? 'content_filter' : undefined;
}

function endOf(written: Written) {
  const { answer } = written;
  const reason = incompleteReason(answer);
  return {
    status: reason === undefined ? 'completed' : 'incomplete',
    incomplete_details: reason === undefined ? null : { reason },
    output: blocksOf(answer).map((block, at) => itemOf(written, block, at).done),
    usage: usageOf(answer),
  };
}

/** A response as it stands: what `now` says over what every response says. */
function responseOf({ request, envelope }: Written, now: object): object {
  return {
    id: `resp_${envelope.request}`,
    object: 'response',
    created_at: envelope.created,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    model: request.model,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    service_tier: 'default',
    store: request.store ?? true,
    text: { format: { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    truncation: 'disabled',
    usage: null,
    metadata: {},
    ...now,
  };
}

function usageOf({ usage }: Answer): object {
  return {
    input_tokens: usage.input,
    input_tokens_details: {
      cached_tokens: usage.cached,
      ...(usage.cacheWritten > 0 && { cache_write_tokens: usage.cacheWritten }),
    },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}
