import * as z from 'zod';
import type { Message } from './model-choice.ts';
import { firstIssue, placeOf } from './model-issue.ts';
import { type Problem, refused } from './model-wire.ts';

const part = z.looseObject({ type: z.string(), text: z.string().exactOptional() });
const content = z.union([z.string(), z.array(part)]);
const message = z.looseObject({
  type: z.literal('message').exactOptional(),
  id: z.string().exactOptional(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content,
});
const functionCall = z.looseObject({
  type: z.literal('function_call'),
  id: z.string().exactOptional(),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const functionCallOutput = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string(),
  output: content,
});
const reasoning = z.looseObject({
  type: z.literal('reasoning'),
  id: z.string().exactOptional(),
  summary: z.array(z.looseObject({ type: z.literal('summary_text'), text: z.string() })),
  encrypted_content: z.string().nullish(),
});
const reference = z.looseObject({ type: z.literal('item_reference'), id: z.string() });
const item = z.union([functionCall, functionCallOutput, reasoning, reference, message]);
export type InputItem = z.infer<typeof item>;

/** A message says so or leaves its type out. */
export function isMessage(entry: InputItem): entry is z.infer<typeof message> {
  return entry.type === undefined || entry.type === 'message';
}

const requestSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(item)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  include: z.array(z.string()).nullish(),
  previous_response_id: z.string().nullish(),
  max_output_tokens: z.int().nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
});

/** A Responses request body as a client sends it; fields not named here are kept. */
export type ResponsesRequest = z.infer<typeof requestSchema>;

/** The body if it is well-formed, else what the real API would say. */
export function readResponsesRequest(body: unknown): { request: ResponsesRequest } | { problem: Problem } {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return { problem: problemOf(parsed.error) };
  return { request: parsed.data };
}

function problemOf(error: z.ZodError): Problem {
  const issue = firstIssue(error);
  const param = placeOf(issue);
  if (!issue.missing) return refused(`Invalid value for '${param}': ${issue.message}.`, { param });
  return refused(`Missing required parameter: '${param}'.`, { param, code: 'missing_required_parameter' });
}

/** The input as items, also where it is one text. */
export function itemsOf({ input }: ResponsesRequest): InputItem[] {
  return typeof input === 'string' ? [{ role: 'user', content: input }] : input;
}

/** The conversation in the form scripts are chosen by: the items of one answer are one message. */
export function messagesOf(request: ResponsesRequest): Message[] {
  const messages: Message[] = request.instructions ? [{ role: 'system', text: request.instructions }] : [];
  let answering = false;
  for (const entry of itemsOf(request)) {
    const text = isMessage(entry) ? textOf(entry.content) : '';
    const answers = isMessage(entry) ? entry.role === 'assistant' : entry.type !== 'function_call_output';
    const before = messages.at(-1);
    if (answers && answering && before) {
      before.text = [before.text, text].filter((t) => t !== '').join('\n');
    } else if (answers) {
      messages.push({ role: 'assistant', text });
    } else if (isMessage(entry)) {
      messages.push({ role: entry.role === 'user' ? 'user' : 'system', text });
    } else if (entry.type === 'function_call_output') {
      messages.push({ role: 'tool', text: textOf(entry.output) });
    }
    answering = answers;
  }
  return messages;
}

function textOf(said: z.infer<typeof content>): string {
  return typeof said === 'string' ? said : said.flatMap((p) => p.text ?? []).join('\n');
}
