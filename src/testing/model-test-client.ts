import * as z from 'zod';
import type { ModelServer } from './model-server.ts';

const chunkSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.literal(0),
      finish_reason: z.string().nullable(),
      delta: z.strictObject({
        role: z.literal('assistant').optional(),
        content: z.string().nullable().optional(),
        reasoning_content: z.string().optional(),
        tool_calls: z
          .array(
            z.object({
              index: z.int(),
              id: z.string().optional(),
              type: z.literal('function').optional(),
              function: z.object({ name: z.string().optional(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
    }),
  ),
  usage: z.record(z.string(), z.unknown()).nullish(),
});
export type Chunk = z.infer<typeof chunkSchema>;

/** Asks for a streamed answer to one user message; `more` adds to the body or replaces parts of it. */
export function post(
  to: ModelServer,
  content: string,
  more: Record<string, unknown> = {},
  signal?: AbortSignal,
) {
  const body = { model: 'm1', stream: true, messages: [{ role: 'user', content }], ...more };
  return fetch(`${to.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** The events of a complete stream; every one must be a `data:` line. */
export function events(text: string): string[] {
  if (!text.endsWith('\n\n')) throw new Error(`The stream ends inside an event: ${text.slice(-80)}`);
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      if (!/^data: [^\n]*$/.test(event)) throw new Error(`Not one data line: ${event}`);
      return event.slice('data: '.length);
    });
}

/** The parsed chunks of a complete stream. */
export async function chunksOf(response: Response): Promise<Chunk[]> {
  const all = events(await response.text());
  if (all.pop() !== '[DONE]') throw new Error('The stream does not end with [DONE].');
  return all.map((event) => chunkSchema.parse(JSON.parse(event)));
}

export const deltas = (chunks: Chunk[]) => chunks.flatMap((c) => c.choices.map((choice) => choice.delta));
export const textOf = (chunks: Chunk[]) =>
  deltas(chunks)
    .map((d) => d.content ?? '')
    .join('');

/** Reads until `marker` has come, leaving the stream open. Throws if it ends before. */
export async function readUntil(response: Response, marker: string) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error('The response has no body.');
  let text = '';
  while (!text.includes(marker)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The stream ended without ${marker}: ${text}`);
    text += value;
  }
  return { text, reader };
}

/** Reads what is left of a stream. */
export async function readRest(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  return text;
}
