import { anthropicModels, googleModels, type Listing, ollamaModels, openaiModels } from './model-listings.ts';
import type { ModelWire, Sent } from './model-wire.ts';
import { anthropic } from './model-wire-anthropic.ts';
import { google } from './model-wire-google.ts';
import { type ChatRequest, openaiChat } from './model-wire-openai.ts';
import { openaiResponses } from './model-wire-openai-responses.ts';

/** The APIs the server speaks, each with the paths it is posted to. */
export const wires = [openaiChat, openaiResponses, anthropic, google] as const;

type SaidOn<Wire> = Wire extends ModelWire<infer What> ? What : never;

/** What was said on any of the APIs: `wire` tells which, `body` is typed by it. */
export type WireSaid = SaidOn<(typeof wires)[number]>;

/** The body of a request to chat completions. Throws for one to another API. */
export function chatRequestOf(said: WireSaid): ChatRequest {
  if (said.wire === 'openai-chat') return said.body;
  throw new Error(`A request to chat completions was expected, not one to ${said.wire}.`);
}

/** Whose words a request gets that no route takes. */
export function wireFor({ path, headers }: Pick<Sent, 'path' | 'headers'>): ModelWire {
  const posted = wires.find((wire) => wire.path.test(path));
  if (posted) return posted;
  if (path.startsWith('/v1beta/')) return google;
  return headers['anthropic-version'] ? anthropic : openaiChat;
}

/** How the request wants the models listed, if it asks for that. */
export function listingFor({ path, headers }: Pick<Sent, 'path' | 'headers'>): Listing | undefined {
  if (path === '/v1beta/models') return googleModels;
  if (path === '/api/tags') return ollamaModels;
  if (path !== '/v1/models') return undefined;
  return headers['anthropic-version'] ? anthropicModels : openaiModels;
}
