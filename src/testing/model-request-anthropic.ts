import * as z from 'zod';
import type { Message } from './model-choice.ts';
import { firstIssue } from './model-issue.ts';
import { type Problem, refused, type Sent } from './model-wire.ts';

const cache_control = z.looseObject({ type: z.literal('ephemeral') }).nullish();
const text = z.looseObject({ type: z.literal('text'), text: z.string(), cache_control });
const toolUse = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  cache_control,
});
const toolResult = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).exactOptional(),
  is_error: z.boolean().exactOptional(),
  cache_control,
});
const thinking = z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() });
const redacted = z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() });
const media = z.looseObject({
  type: z.enum(['image', 'document']),
  source: z.looseObject({ type: z.string() }),
  cache_control,
});
const block = z.discriminatedUnion('type', [text, toolUse, toolResult, thinking, redacted, media]);
export type ContentBlock = z.infer<typeof block>;

const requestSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  messages: z.array(
    z.looseObject({ role: z.enum(['user', 'assistant']), content: z.union([z.string(), z.array(block)]) }),
  ),
  system: z.union([z.string(), z.array(text)]).exactOptional(),
  stream: z.boolean().exactOptional(),
  temperature: z.number().min(0).max(1).exactOptional(),
  thinking: z
    .looseObject({
      type: z.enum(['enabled', 'disabled', 'adaptive']),
      budget_tokens: z.int().min(1024).exactOptional(),
    })
    .exactOptional(),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']) }).exactOptional(),
  tools: z.array(z.looseObject({ name: z.string(), cache_control })).exactOptional(),
});

/** A Messages request body as a client sends it; fields not named here are kept. */
export type MessagesRequest = z.infer<typeof requestSchema>;

/** A message with its content as blocks, however it was written. */
export type Turn = { role: 'user' | 'assistant'; content: readonly ContentBlock[] };

/** The body if it is well-formed, else what the real API would say. */
export function readMessagesRequest({
  body,
  headers,
}: Sent): { request: MessagesRequest } | { problem: Problem } {
  if (!headers['anthropic-version']) return { problem: refused('anthropic-version: header is required') };
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return { problem: refused(saidOf(parsed.error)) };
  return { request: parsed.data };
}

function saidOf(error: z.ZodError): string {
  const { path, message, missing } = firstIssue(error);
  return `${path.join('.') || 'body'}: ${missing ? 'Field required' : message}`;
}

/** The messages, each with its content as blocks. */
export function turnsOf(request: MessagesRequest): Turn[] {
  return request.messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  }));
}

/** The conversation in the form scripts are chosen by: results of tools apart from what the user says with them. */
export function messagesOf(request: MessagesRequest): Message[] {
  const { system } = request;
  const instructions = typeof system === 'string' ? system : (system ?? []).map((s) => s.text).join('\n');
  const messages = turnsOf(request).flatMap(({ role, content }): Message[] => {
    const said = content.flatMap((b) => (b.type === 'text' ? b.text : []));
    if (role === 'assistant') return [{ role, text: said.join('\n') }];
    const results = content.flatMap((b): Message[] =>
      b.type === 'tool_result' ? [{ role: 'tool', text: resultText(b.content) }] : [],
    );
    const speaks = content.some((b) => b.type !== 'tool_result');
    return speaks ? [...results, { role, text: said.join('\n') }] : results;
  });
  return instructions === '' ? messages : [{ role: 'system', text: instructions }, ...messages];
}

function resultText(content: z.infer<typeof toolResult>['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).flatMap((part) => (typeof part.text === 'string' ? part.text : [])).join('\n');
}
