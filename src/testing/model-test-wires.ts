import type { ModelServer } from './model-server.ts';
import type { WireName } from './model-wire.ts';

export const wireNames: readonly WireName[] = ['openai-chat', 'openai-responses', 'anthropic', 'google'];

/** How one user message is asked on a wire: where, with which headers, in which body. */
const ways: Record<WireName, (to: ModelServer, text: string, stream: boolean) => [string, object, object]> = {
  'openai-chat': ({ url }, content, stream) => [
    `${url}/chat/completions`,
    {},
    { model: 'm1', stream, messages: [{ role: 'user', content }], stream_options: { include_usage: true } },
  ],
  'openai-responses': ({ url }, input, stream) => [
    `${url}/responses`,
    {},
    {
      model: 'm1',
      stream,
      input,
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { summary: 'auto' },
    },
  ],
  anthropic: ({ url }, content, stream) => [
    `${url}/messages`,
    { 'anthropic-version': '2023-06-01' },
    {
      model: 'm1',
      stream,
      max_tokens: 8192,
      thinking: { type: 'adaptive' },
      messages: [{ role: 'user', content }],
    },
  ],
  google: ({ origin }, text, stream) => [
    `${origin}/v1beta/models/m1:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    {},
    {
      contents: [{ role: 'user', parts: [{ text }] }],
      generationConfig: { thinkingConfig: { includeThoughts: true } },
    },
  ],
};

/** Asks for an answer to one user message; `more` adds to the body or replaces parts of it. */
export function askOn(
  wire: WireName,
  to: ModelServer,
  text: string,
  { stream = true, more = {}, signal }: { stream?: boolean; more?: object; signal?: AbortSignal } = {},
): Promise<Response> {
  const [url, headers, body] = ways[wire](to, text, stream);
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...body, ...more }),
    ...(signal && { signal }),
  });
}

export type ServerEvent = { name: string | undefined; data: string };

/** The events of a stream that ends between two of them; comments are left out. */
export function eventsIn(text: string): ServerEvent[] {
  const blocks = text.split(/\r?\n\r?\n/);
  if (blocks.pop() !== '') throw new Error(`The stream ends inside an event: ${text.slice(-80)}`);
  return blocks.flatMap((block) => {
    const lines = block.split(/\r?\n/).filter((line) => !line.startsWith(':'));
    if (lines.length === 0) return [];
    const named = lines.find((line) => line.startsWith('event: '));
    const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
    if (data.length !== 1 || lines.length !== (named ? 2 : 1)) throw new Error(`Not one event: ${block}`);
    return [{ name: named?.slice('event: '.length), data: data[0] ?? '' }];
  });
}
