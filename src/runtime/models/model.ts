import type { Usage } from '../../core/facts.ts';
import type { TranscriptItem } from '../../core/transcript.ts';

export type ModelRequest = {
  readonly system: string;
  readonly transcript: readonly TranscriptItem[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  readonly signal: AbortSignal;
};

/** One thing a model says. A failure is data: a stream ends with exactly one `finish` or `failed`, and never throws. */
export type ModelPart =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string }
  /** A complete tool call; `args` is the text as the model wrote it, valid JSON or not. */
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly args: string }
  | {
      readonly kind: 'finish';
      readonly reason: 'end_turn' | 'tool_calls' | 'max_tokens_exceeded' | 'error';
      readonly usage: Usage | null;
    }
  | {
      readonly kind: 'failed';
      readonly code: 'model_unavailable' | 'model_refused' | 'model_reply_invalid' | 'model_wire_unavailable';
      readonly message: string;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
    };

/** The one port to every model wire. Aborting `signal` ends the stream early without a `failed`. */
export interface Model {
  /** `provider/model`, or `demo`. */
  readonly handle: string;
  stream(request: ModelRequest): AsyncIterable<ModelPart>;
}
