import type { Usage } from '../../core/facts.ts';
import type { TranscriptItem } from '../../core/transcript.ts';

export type ModelRequest = {
  readonly system: string;
  /** What the model is to read, oldest first; already without what a summary stands for. */
  readonly transcript: readonly TranscriptItem[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  /** How hard to think: none, minimal, low, medium, high, xhigh or max; null or left out: the model's own. */
  readonly effort?: string | null;
  /** Names the conversation, for providers that keep prompts of one caller together. */
  readonly cacheKey?: string;
  readonly signal: AbortSignal;
};

/** What a model wants back, unread, with the message or call that it came with. Only the model of the same handle can read it. */
export type Kept = Readonly<Record<string, unknown>>;

/** One thing a model says. A failure is data: a stream ends with exactly one `finish` or `failed`, and never throws. */
export type ModelPart =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string }
  /** The message ends that the last `text` or `reasoning` belonged to (an empty one, if there was none of that kind), and has this with it. */
  | { readonly kind: 'kept'; readonly of: 'text' | 'reasoning'; readonly data: Kept }
  /** A complete tool call; `args` is the text as the model wrote it, valid JSON or not. */
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly name: string;
      readonly args: string;
      readonly kept?: Kept;
    }
  /** For people: which model took over, for instance. */
  | { readonly kind: 'notice'; readonly text: string }
  | {
      readonly kind: 'finish';
      readonly reason: 'end_turn' | 'tool_calls' | 'max_tokens_exceeded' | 'refused' | 'error';
      readonly usage: Usage | null;
    }
  | {
      readonly kind: 'failed';
      readonly code:
        | 'model_unavailable'
        | 'model_refused'
        | 'model_reply_invalid'
        | 'model_wire_unavailable'
        | 'context_overflow';
      readonly message: string;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
    };

/** The one port to every model wire. Aborting `signal` ends the stream early without a `failed`. */
export interface Model {
  /** `provider/model`, or `demo`. */
  readonly handle: string;
  /** Tokens that it can read at once; null where nobody knows. */
  readonly window: number | null;
  stream(request: ModelRequest): AsyncIterable<ModelPart>;
}
