import { createHash } from 'node:crypto';
import type {
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';
import type { TranscriptItem } from '../../core/transcript.ts';
import { imagePart, textPart, userParts } from './user-parts.ts';

type Assistant = Extract<LanguageModelV4Message, { role: 'assistant' }>;
type Call = Extract<TranscriptItem, { kind: 'call' }>;
type Result = Extract<TranscriptItem, { kind: 'result' }>;
type Said = Extract<TranscriptItem, { kind: 'assistant' | 'reasoning' }>;

/** What a model and its wire make of a conversation. */
export type PromptStyle = {
  /** Of the model: it gets its own keepsakes back, and nobody else's. Left out: none. */
  readonly handle?: string;
  /** It can look at images. */
  readonly images: boolean;
  /** Images can stand in the result of a tool; else they follow it in a user's message. */
  readonly imagesInResults: boolean;
  /** Ids and names of calls may be 64 letters, digits, dashes and underscores; what another model chose may be anything. */
  readonly strictNames: boolean;
};

const plain: PromptStyle = { images: true, imagesInResults: false, strictNames: false };

/** What the model reads in place of a result that the conversation does not hold. */
export const MISSING_RESULT =
  'Error: this call has no recorded result. It may or may not have run; look before you rely on it or repeat it.';

const SUMMARY =
  'The conversation so far has become too long to be shown. This is a summary of it; what follows after it is shown in full.';

/**
 * A conversation as the prompt of a provider package. Every call is followed at once by its result, wherever the transcript holds it,
 * because endpoints refuse any other order. Reasoning stays out unless the model wants it back.
 */
export function promptOf(
  system: string,
  transcript: readonly TranscriptItem[],
  style: PromptStyle = plain,
): LanguageModelV4Prompt {
  const results = firstByCall(transcript.filter((item) => item.kind === 'result'));
  const calls = firstByCall(transcript.filter((item) => item.kind === 'call'));
  const prompt: LanguageModelV4Prompt = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  let open: { run: string; message: Assistant; calls: Call[] } | undefined;

  const close = () => {
    if (!open) return;
    const { content } = open.message;
    // Thoughts that led to nothing: endpoints refuse an answer that ends with them.
    while (content.at(-1)?.type === 'reasoning') content.pop();
    if (content.length > 0) prompt.push(open.message);
    if (open.calls.length > 0) prompt.push(...resultMessages(open.calls, results, style));
    open = undefined;
  };
  const answerOf = (run: string) => {
    if (open?.run !== run) close();
    open ??= { run, message: { role: 'assistant', content: [] }, calls: [] };
    return open;
  };

  for (const item of transcript) {
    switch (item.kind) {
      case 'user':
        close();
        prompt.push({ role: 'user', content: userParts(item.content, style.images) });
        break;
      case 'summary':
        close();
        prompt.push({ role: 'user', content: [textPart(`${SUMMARY}\n\n${item.text}`)] });
        break;
      case 'assistant':
      case 'reasoning': {
        const part = saidPart(item, style);
        if (part) answerOf(item.run).message.content.push(part);
        break;
      }
      case 'call': {
        // A second call with the same id could not be told from the first.
        if (calls.get(item.call) !== item) break;
        const answer = answerOf(item.run);
        answer.calls.push(item);
        answer.message.content.push({
          type: 'tool-call',
          ...namesOf(item, style),
          input: sendableArgs(item.args),
          ...returned(item, style),
        });
        break;
      }
      case 'result':
        close();
        if (!calls.has(item.call)) prompt.push(orphan(item));
        break;
    }
  }
  close();
  return prompt;
}

function firstByCall<T extends { call: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.toReversed().map((item) => [item.call, item]));
}

/** Thoughts only for the model that had them; empty text only where something is kept with it. */
function saidPart(item: Said, style: PromptStyle): Assistant['content'][number] | undefined {
  const kept = returned(item, style);
  const isText = item.kind === 'assistant';
  if (!kept.providerOptions && !(isText && item.text.trim() !== '')) return undefined;
  return { type: isText ? 'text' : 'reasoning', text: item.text, ...kept };
}

/** A keepsake is metadata of the package, by provider, and goes back as its options. */
function returned(
  { keepsake }: Said | Call,
  { handle }: PromptStyle,
): { providerOptions?: SharedV4ProviderOptions } {
  if (!keepsake || keepsake.by !== handle) return {};
  return { providerOptions: keepsake.data as SharedV4ProviderOptions };
}

function namesOf({ call, name }: Call, { strictNames }: PromptStyle) {
  if (!strictNames) return { toolCallId: call, toolName: name };
  const sound = /^[\w-]{1,64}$/.test(call);
  return {
    toolCallId: sound ? call : `call_${createHash('sha256').update(call).digest('hex').slice(0, 32)}`,
    toolName: name.replace(/[^\w-]/g, '_').slice(0, 64) || 'unknown',
  };
}

function resultMessages(
  calls: readonly Call[],
  results: ReadonlyMap<string, Result>,
  style: PromptStyle,
): LanguageModelV4Message[] {
  const messages: LanguageModelV4Message[] = [];
  const content = calls.map((call) => resultPart(call, results.get(call.call), style));
  messages.push({ role: 'tool', content });
  if (style.imagesInResults || !style.images) return messages;
  const images = calls.flatMap((call) => {
    const shown = results.get(call.call)?.images ?? [];
    if (shown.length === 0) return [];
    return [textPart(`[Images in the result of ${call.name}, ${call.call}]`), ...shown.map(imageOf)];
  });
  if (images.length > 0) messages.push({ role: 'user', content: images });
  return messages;
}

const imageOf = ({ mediaType, data }: NonNullable<Result['images']>[number]) => imagePart(mediaType, data);

function resultPart(call: Call, result: Result | undefined, style: PromptStyle) {
  return { type: 'tool-result', ...namesOf(call, style), output: outputOf(result, style) } as const;
}

function outputOf(
  result: Result | undefined,
  { images, imagesInResults }: PromptStyle,
): LanguageModelV4ToolResultOutput {
  if (!result) return { type: 'error-text', value: MISSING_RESULT };
  const { text, status } = result;
  const shown = result.images ?? [];
  if (shown.length > 0 && images && imagesInResults) {
    // Words in any case: without them some packages make no result of it.
    const words = textPart(text === '' ? 'The result is an image.' : text);
    return { type: 'content', value: [words, ...shown.map(imageOf)] };
  }
  const unseen = shown.length > 0 && !images ? '\n[Images in this result cannot be shown to you]' : '';
  return { type: status === 'error' ? 'error-text' : 'text', value: text + unseen };
}

/** A result whose call is out of sight, as after a compaction: endpoints refuse it in a tool's role. */
function orphan(result: Result): LanguageModelV4Message {
  const text = `[Result of an earlier tool call that is no longer shown, ${result.status}]\n${result.text}`;
  return { role: 'user', content: [textPart(text)] };
}

/**
 * Arguments as an endpoint takes them back: the model's own text where it is a JSON object, else an object that holds the text, because
 * chat templates fail on anything that is not one.
 */
function sendableArgs(args: string): unknown {
  if (args.trim() === '') return '{}';
  return parsed(args) ? args : { invalid_json: args };
}

function parsed(args: string): boolean {
  try {
    const value: unknown = JSON.parse(args);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
