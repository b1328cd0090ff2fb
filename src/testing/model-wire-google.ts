import { type Answer, type Block, blocksOf } from './model-answer.ts';
import { googleFailure } from './model-error-google.ts';
import type { Encoded } from './model-playback.ts';
import { refuseGoogle } from './model-refusal-google.ts';
import { type GenerateContentRequest, messagesOf, readGenerateContent } from './model-request-google.ts';
import { sealOf } from './model-seal.ts';
import { bearerOf, type Envelope, headerOf, type ModelWire, wholeJson } from './model-wire.ts';

const PATH = /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

/** The Google Generative Language API. */
export const google: ModelWire<{ wire: 'google'; body: GenerateContentRequest }> = {
  path: PATH,
  keyOf: (sent) => headerOf(sent, 'x-goog-api-key') ?? sent.query.get('key') ?? bearerOf(sent),
  read: (sent) => {
    const [, model = '', method] = PATH.exec(sent.path) ?? [];
    const read = readGenerateContent(sent.body);
    if ('problem' in read) return read;
    const { request } = read;
    const problem = refuseGoogle(request, model);
    if (problem) return { problem };
    return {
      said: { wire: 'google', body: request },
      messages: messagesOf(request),
      encode: (answer, envelope) => {
        const written = { answer: withThoughtsAsAsked(answer, request), model, envelope };
        if (method === 'generateContent') return wholeJson(wholeOf(written));
        return encodeStream(written, sent.query.get('alt') === 'sse');
      },
    };
  },
  fail: googleFailure,
};

/** Everything an answer is written from. */
type Written = { answer: Answer; model: string; envelope: Envelope };
type Part = Record<string, unknown>;

/** Thoughts are told only to those who ask for them; their signature comes anyway. */
function withThoughtsAsAsked(answer: Answer, { generationConfig }: GenerateContentRequest): Answer {
  return generationConfig?.thinkingConfig?.includeThoughts ? answer : { ...answer, hideReasoning: true };
}

/** Server-sent events, or without `alt=sse` one JSON array that grows. */
function encodeStream(written: Written, events: boolean): Encoded {
  const send = (value: object, first: boolean) =>
    events
      ? `data: ${JSON.stringify(value)}\r\n\r\n`
      : `${first ? '' : ',\r\n'}${JSON.stringify(value, null, 2)}`;
  const parts = blocksOf(written.answer).flatMap((block) => streamedParts(written, block));
  const usageMetadata = usageOf(written.answer);
  const body = parts.map((part, i) => {
    const candidates = [{ content: { parts: [part], role: 'model' }, index: 0 }];
    return send({ candidates, usageMetadata, ...envelopeOf(written) }, i === 0);
  });
  const last = candidateOf(written, lastParts(written));
  const end = { candidates: [last], usageMetadata, ...envelopeOf(written) };
  const close = events ? '' : ']';
  return {
    contentType: events ? 'text/event-stream' : 'application/json; charset=UTF-8',
    head: events ? '' : '[',
    body,
    tail: send(end, body.length === 0) + close,
    garbage: events ? 'data: {"candidates": [{"content": {\r\n\r\n' : ',\r\n{"candidates": [{,',
    ...(events && { ping: ': keep-alive\r\n\r\n' }),
    failure: (problem, after) => send({ error: googleFailure(problem).error }, after === 0) + close,
  };
}

function wholeOf(written: Written): object {
  const { answer } = written;
  const parts = blocksOf(answer).flatMap((block): Part[] => {
    if (block.kind === 'call') return callParts(written, block);
    return block.text === ''
      ? []
      : [{ text: block.text, ...(block.kind === 'reasoning' && { thought: true }) }];
  });
  const [signature] = lastParts(written);
  const last = parts.at(-1);
  if (last && signature?.thoughtSignature) last.thoughtSignature = signature.thoughtSignature;
  return {
    candidates: [candidateOf(written, parts)],
    usageMetadata: usageOf(answer),
    ...envelopeOf(written),
  };
}

function streamedParts(written: Written, block: Block): Part[] {
  if (block.kind === 'call') return callParts(written, block);
  const thought = block.kind === 'reasoning' ? { thought: true } : {};
  return block.pieces.map((text) => ({ text, ...thought }));
}

type Call = Extract<Block, { kind: 'call' }>;

/** A call comes whole; of parallel ones only the first is signed. One that is no JSON does not come at all. */
function callParts({ model, envelope }: Written, { id, name, index, arguments: text }: Call): Part[] {
  const read = argumentsIn(text);
  if (!read) return [];
  // Ids of calls came with Gemini 3.
  const functionCall = { name, args: read.args, ...(!/gemini-[12]/.test(model) && { id }) };
  const signed = index === 0 ? { thoughtSignature: sealOf('', envelope.request) } : {};
  return [{ functionCall, ...signed }];
}

function argumentsIn(text: string): { args: unknown } | undefined {
  try {
    return { args: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** A stream ends with an empty text, which carries the signature of an answer without calls. */
function lastParts({ answer, envelope }: Written): Part[] {
  const thought = answer.reasoning !== '' && answer.calls.length === 0;
  return [{ text: '', ...(thought && { thoughtSignature: sealOf('', envelope.request) }) }];
}

const FINISH_REASONS: Record<Answer['finish'], string> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  refusal: 'SAFETY',
};

function candidateOf({ answer }: Written, parts: Part[]): object {
  const malformed = answer.calls.find((call) => !argumentsIn(call.arguments));
  const content = { parts, role: 'model' };
  if (malformed && answer.finish !== 'length') {
    const finishMessage = `Malformed function call: ${malformed.name}`;
    return { content, finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage, index: 0 };
  }
  const finishReason = FINISH_REASONS[answer.finish];
  if (finishReason !== 'SAFETY') return { content, finishReason, index: 0 };
  const safetyRatings = [{ category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true }];
  return { finishReason, index: 0, safetyRatings };
}

function envelopeOf({ model, envelope }: Written): object {
  return { modelVersion: model, responseId: envelope.request };
}

/** Thoughts are counted beside what is said, what the cache gave within the prompt. */
function usageOf({ usage }: Answer): object {
  return {
    promptTokenCount: usage.input,
    candidatesTokenCount: Math.max(usage.output - usage.reasoning, 0),
    totalTokenCount: usage.input + usage.output,
    ...(usage.cached > 0 && { cachedContentTokenCount: usage.cached }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.input }],
    ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
  };
}
