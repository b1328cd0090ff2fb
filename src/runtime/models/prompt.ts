import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { TranscriptItem } from '../../core/transcript.ts';

type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number];
type Assistant = Extract<LanguageModelV4Message, { role: 'assistant' }>;
type Call = Extract<TranscriptItem, { kind: 'call' }>;
type Result = Extract<TranscriptItem, { kind: 'result' }>;

/** What the model reads in place of a result that the conversation does not hold. */
export const MISSING_RESULT =
  'Error: this call has no recorded result. It may or may not have run; look before you rely on it or repeat it.';

/**
 * A conversation as the prompt of a provider package. Every call is followed at once by its result, wherever the
 * transcript holds it, because endpoints refuse any other order. Reasoning stays out.
 */
export function promptOf(system: string, transcript: readonly TranscriptItem[]): LanguageModelV4Prompt {
  const results = firstByCall(transcript.filter((item) => item.kind === 'result'));
  const calls = firstByCall(transcript.filter((item) => item.kind === 'call'));
  const prompt: LanguageModelV4Prompt = system === '' ? [] : [{ role: 'system', content: system }];
  let open: { run: string; message: Assistant; calls: Call[] } | undefined;

  const close = () => {
    if (!open) return;
    prompt.push(open.message);
    if (open.calls.length > 0) {
      prompt.push({
        role: 'tool',
        content: open.calls.map((call) => resultPart(call, results.get(call.call))),
      });
    }
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
        prompt.push({ role: 'user', content: userParts(item.content) });
        break;
      case 'assistant':
        if (item.text !== '') answerOf(item.run).message.content.push(textPart(item.text));
        break;
      case 'call': {
        // A second call with the same id could not be told from the first.
        if (calls.get(item.call) !== item) break;
        const answer = answerOf(item.run);
        answer.calls.push(item);
        answer.message.content.push({
          type: 'tool-call',
          toolCallId: item.call,
          toolName: item.name,
          input: sendableArgs(item.args),
        });
        break;
      }
      case 'result':
        close();
        if (!calls.has(item.call)) prompt.push(orphan(item));
        break;
      case 'reasoning':
        break;
    }
  }
  close();
  return prompt;
}

function firstByCall<T extends { call: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.toReversed().map((item) => [item.call, item]));
}

function resultPart(call: Call, result: Result | undefined) {
  const output = result
    ? ({ type: result.status === 'error' ? 'error-text' : 'text', value: result.text } as const)
    : ({ type: 'error-text', value: MISSING_RESULT } as const);
  return { type: 'tool-result', toolCallId: call.call, toolName: call.name, output } as const;
}

/** A result whose call is out of sight, as after a compaction: endpoints refuse it in a tool's role. */
function orphan(result: Result): LanguageModelV4Message {
  const text = `[Result of an earlier tool call that is no longer shown, ${result.status}]\n${result.text}`;
  return { role: 'user', content: [{ type: 'text', text }] };
}

/**
 * Arguments as an endpoint takes them back: the model's own text where it is a JSON object, else an object that
 * holds the text, because chat templates fail on anything that is not one.
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

function userParts(content: unknown): UserPart[] {
  const parts = typeof content === 'string' ? [textPart(content)] : [content].flat().map(userPart);
  const said = parts.filter((part) => part.type !== 'text' || part.text !== '');
  return said.length > 0 ? said : [textPart('(empty message)')];
}

function userPart(part: unknown): UserPart {
  if (typeof part === 'string') return textPart(part);
  const fields = fieldsOf(part);
  if (fields.type === 'text' && typeof fields.text === 'string') return textPart(fields.text);
  if (fields.type === 'image') return imagePart(fieldsOf(fields.source));
  const kind = typeof fields.type === 'string' ? fields.type : typeof part;
  return textPart(`[A part of this message cannot be shown to you: ${kind}]`);
}

function imagePart({ type, media_type: mediaType, data, url }: Readonly<Record<string, unknown>>): UserPart {
  if (type === 'base64' && typeof data === 'string' && typeof mediaType === 'string') {
    if (/^image\/[\w.+-]+$/.test(mediaType)) return { type: 'file', mediaType, data: { type: 'data', data } };
    return textPart(`[An image cannot be shown to you: its type is ${mediaType}]`);
  }
  if (type === 'url' && typeof url === 'string' && /^https?:/.test(url) && URL.canParse(url)) {
    return { type: 'file', mediaType: 'image', data: { type: 'url', url: new URL(url) } };
  }
  return textPart('[An image cannot be shown to you: its source is neither base64 data nor a web address]');
}

function textPart(text: string) {
  return { type: 'text', text } as const;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
