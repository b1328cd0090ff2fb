import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TranscriptItem } from '../../core/transcript.ts';
import type { Model, ModelPart, ModelRequest } from './model.ts';
import { type ModelFacts, openModel, type WireName, type WireOptions } from './wires.ts';

/** The key that `modelAt` sends. */
export const KEY = 'sk-test-0123456789';

/** A model of which nothing is known but that it takes images. */
export const unknownModel: ModelFacts = {
  window: null,
  maxOutput: null,
  price: null,
  reasoning: false,
  images: true,
};

export type At = WireOptions & {
  /** Default `openai-compatible`. */
  readonly wire?: WireName;
  /** Default `m1`. */
  readonly modelId?: string;
  readonly facts?: Partial<ModelFacts>;
};

/** The wire to a server at `url`. */
export function modelAt(
  url: string,
  { wire = 'openai-compatible', modelId = 'm1', facts, ...options }: At = {},
): Model {
  const endpoint = {
    name: 'Server',
    baseUrl: new URL(url),
    baseVariable: 'SERVER_URL',
    key: KEY,
    keyVariable: 'SERVER_KEY',
  };
  return openModel(wire, 'test/m1', modelId, endpoint, { ...unknownModel, ...facts }, options);
}

export const user = (content: unknown): TranscriptItem => ({
  kind: 'user',
  id: 'u',
  at: 0,
  content,
  otid: null,
});

/** A request with one user message; `more` replaces parts of it. */
export function request(content: unknown, more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    system: '',
    transcript: [user(content)],
    tools: [],
    signal: new AbortController().signal,
    ...more,
  };
}

/** The whole answer. */
export async function partsOf(model: Model, of: ModelRequest): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  for await (const part of model.stream(of)) parts.push(part);
  return parts;
}

/** What the wire makes of an answer that is served as it stands: text as it is, anything else as the data of an event. */
export async function madeOf(
  contentType: string,
  events: readonly (object | string)[],
  at: At = {},
): Promise<ModelPart[]> {
  const local = createServer((incoming, response) => {
    incoming.resume();
    response.writeHead(200, { 'content-type': contentType });
    const lines = events.map((event) =>
      typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`,
    );
    response.end(lines.join(''));
  }).listen(0, '127.0.0.1');
  await once(local, 'listening');
  const bound = local.address();
  try {
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    return await partsOf(modelAt(`http://127.0.0.1:${bound.port}/v1`, at), request('hi'));
  } finally {
    local.closeAllConnections();
    local.close();
  }
}
