import { anthropic } from './anthropic.ts';
import type { Endpoint } from './endpoint.ts';
import { google } from './google.ts';
import type { Model } from './model.ts';
import { openaiCompatible } from './openai-compatible.ts';
import { openaiResponses } from './openai-responses.ts';
import { type ModelFacts, overWire, type WireOptions } from './wire.ts';

const WIRES = {
  'openai-compatible': openaiCompatible,
  'openai-responses': openaiResponses,
  anthropic,
  google,
} as const;

/** The APIs that models are reached through. */
export type WireName = keyof typeof WIRES;

export type { ModelFacts, WireOptions } from './wire.ts';

/** The model that an endpoint knows as `modelId`. Nothing is loaded or sent before its `stream`. */
export function openModel(
  wire: WireName,
  handle: string,
  modelId: string,
  endpoint: Endpoint,
  facts: ModelFacts,
  options: WireOptions,
): Model {
  return overWire(WIRES[wire], { handle, modelId, endpoint, facts, options });
}
