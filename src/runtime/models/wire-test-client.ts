import type { TranscriptItem } from '../../core/transcript.ts';
import type { Model, ModelPart, ModelRequest } from './model.ts';
import { openaiCompatible, type WireOptions } from './openai-compatible.ts';

/** The key that `modelAt` sends. */
export const KEY = 'sk-test-0123456789';

/** The wire to a server at `url`. */
export function modelAt(url: string, options: WireOptions = {}): Model {
  const endpoint = {
    name: 'Server',
    baseUrl: new URL(url),
    baseVariable: 'SERVER_URL',
    key: KEY,
    keyVariable: 'SERVER_KEY',
  };
  return openaiCompatible('test/m1', 'm1', endpoint, options);
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
