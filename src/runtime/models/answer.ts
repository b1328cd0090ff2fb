import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import { endingOf } from './ending.ts';
import type { Endpoint } from './endpoint.ts';
import { brokenReply, type Failed, filtered, reportedInStream } from './failure.ts';
import type { ModelPart } from './model.ts';
import { usageOf } from './usage.ts';
import type { ModelFacts, Wire } from './wire.ts';

export type Answer = {
  readonly wire: Wire;
  readonly endpoint: Endpoint;
  readonly modelId: string;
  readonly facts: ModelFacts;
  readonly contentType: string | undefined;
};

/** What a package makes of an answer, as parts of ours, up to the last word. */
export async function* partsOf(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  answer: Answer,
): AsyncGenerator<ModelPart> {
  const { wire, facts, endpoint } = answer;
  const calls: ModelPart[] = [];
  // Comes in pieces: with the start, with an increment, with the end of what it belongs to.
  const metadata = new Map<string, SharedV4ProviderMetadata>();
  for await (const part of stream) {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        note(metadata, part);
        break;
      case 'text-delta':
      case 'reasoning-delta':
        note(metadata, part);
        if (part.delta !== '') yield { kind: kindOf(part), text: part.delta };
        break;
      case 'text-end':
      case 'reasoning-end': {
        note(metadata, part);
        const of = kindOf(part);
        const data = wire.keep?.(of, metadata.get(part.id) ?? {});
        metadata.delete(part.id);
        if (data) yield { kind: 'kept', of, data };
        break;
      }
      case 'tool-call': {
        const kept = wire.keep?.('call', part.providerMetadata ?? {});
        const call = { id: part.toolCallId, name: part.toolName, args: part.input };
        // Held back until the end is seen: the packages hand calls over even when the answer was cut off.
        calls.push({ kind: 'call', ...call, ...(kept && { kept }) });
        break;
      }
      case 'error':
        return yield failureIn(part.error, answer);
      case 'finish': {
        const ending = endingOf(part.finishReason, wire.endings);
        const usage = usageOf(part.usage, facts.price);
        switch (ending) {
          case 'failed':
            return yield reportedInStream(
              endpoint,
              answer.modelId,
              `finish reason "${part.finishReason.raw}"`,
            );
          case 'filtered':
            return yield filtered(endpoint);
          case 'malformed':
            return yield brokenReply(endpoint, 'the model wrote a tool call that cannot be read');
          case 'broken':
            return yield unusable(answer, 'it ended without a finish reason');
          case 'refused': {
            const { raw } = part.finishReason;
            // Elsewhere the model itself has said so.
            if (raw !== undefined && raw !== 'stop') yield { kind: 'notice', text: declined(endpoint, raw) };
            return yield { kind: 'finish', reason: 'refused', usage };
          }
          default: {
            yield* calls;
            // Some endpoints say `stop` although there are calls.
            const reason = ending === 'end_turn' && calls.length > 0 ? 'tool_calls' : ending;
            return yield { kind: 'finish', reason, usage };
          }
        }
      }
    }
  }
  yield unusable(answer, 'it ended without a finish reason');
}

type Pieced = Extract<
  LanguageModelV4StreamPart,
  { type: `${'text' | 'reasoning'}-${'start' | 'delta' | 'end'}` }
>;

const kindOf = ({ type }: Pieced) => (type.startsWith('text') ? 'text' : 'reasoning');

function note(metadata: Map<string, SharedV4ProviderMetadata>, { id, providerMetadata }: Pieced): void {
  if (!providerMetadata) return;
  const known = metadata.get(id) ?? {};
  for (const [provider, fields] of Object.entries(providerMetadata)) {
    const told = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
    known[provider] = { ...known[provider], ...Object.fromEntries(told) };
  }
  metadata.set(id, known);
}

function declined({ name }: Endpoint, why: string): string {
  return `${name} would not let the model answer (${why}). Say it differently, or use another model.`;
}

/** An answer that was understood in parts at most. */
function unusable({ endpoint, contentType = 'text/event-stream' }: Answer, what: string): Failed {
  const isStream = contentType.startsWith('text/event-stream');
  return brokenReply(endpoint, isStream ? what : `it came as ${contentType} instead of an event stream`);
}

/** An Error is what the package could not read, anything else what the endpoint reported. */
function failureIn(error: unknown, answer: Answer): Failed {
  const report = error instanceof Error && 'value' in error ? error.value : error;
  if (!(error instanceof Error) || isError(report)) {
    return reportedInStream(answer.endpoint, answer.modelId, report);
  }
  const unreadable: Readonly<Record<string, string>> = {
    AI_JSONParseError: 'it holds something that is not JSON',
    AI_TypeValidationError: `it holds something that is no ${answer.wire.answer}`,
    AI_InvalidResponseDataError: 'it ended without a finish reason',
  };
  return unusable(answer, unreadable[error.name] ?? reasonOf(error));
}

/** Whether an event that a package does not know tells of an error. */
function isError(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false;
  if ('error' in event && event.error) return true;
  return 'type' in event && (event.type === 'error' || event.type === 'response.failed');
}

/** What the package for Anthropic says when the first event is none. */
const UNREAD_START = 'Expected a normalized Anthropic stream error';

/** The packages throw an error that the endpoint reports before anything else, with the event that told it. */
export function failureThrown(error: unknown, endpoint: Endpoint, modelId: string): Failed {
  const event = error instanceof Error && 'responseBody' in error ? error.responseBody : undefined;
  if (typeof event === 'string' && event !== '') return reportedInStream(endpoint, modelId, event);
  const reason = reasonOf(error);
  return brokenReply(endpoint, reason === UNREAD_START ? 'its beginning cannot be understood' : reason);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
