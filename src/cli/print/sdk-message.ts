/** What `--output-format stream-json` prints, one per line: the messages of the Agent SDK, camelCase and without `undefined`. */
export type SdkMessage =
  | InitMessage
  | ({ readonly type: 'assistant' | 'reasoning'; readonly content: string } & Origin)
  | ({
      readonly type: 'tool_call';
      readonly toolCallId: string;
      readonly toolName: string;
      readonly toolInput: Readonly<Record<string, unknown>>;
      readonly rawArguments?: string;
    } & Origin)
  | ({
      readonly type: 'tool_result';
      readonly toolCallId: string;
      readonly content: string;
      readonly isError: boolean;
    } & Origin)
  | {
      readonly type: 'retry';
      readonly reason: string;
      readonly attempt: number;
      readonly maxAttempts: number;
      readonly delayMs: number;
      readonly runId?: string;
      /** An addition: the `uuid`s of text that no longer counts. */
      readonly voidedUuids?: readonly string[];
    }
  | {
      readonly type: 'queue_update';
      readonly queue: readonly Readonly<Record<string, unknown>>[];
      readonly removed?: readonly Readonly<Record<string, unknown>>[];
    }
  | { readonly type: 'loop_status'; readonly status: string; readonly activeRunIds: readonly string[] }
  | {
      readonly type: 'stream_event';
      readonly event: Readonly<Record<string, unknown>>;
      readonly uuid: string;
    }
  | ErrorMessage
  | ResultMessage;

type Origin = { readonly uuid: string; readonly otid?: string; readonly runId?: string };

export type InitMessage = {
  readonly type: 'init';
  readonly agentId: string;
  readonly sessionId: string;
  readonly conversationId: string;
  readonly model: string;
  readonly tools?: readonly string[];
};

export type ErrorMessage = {
  readonly type: 'error';
  readonly message: string;
  readonly errorCode: SdkErrorCode;
  readonly stopReason: string;
  readonly runId?: string;
};

export type ResultMessage = {
  readonly type: 'result';
  readonly success: boolean;
  /** The whole text of the answer; only with success, and never empty. */
  readonly result?: string;
  readonly error?: string;
  readonly errorCode?: SdkErrorCode;
  readonly errorDetail?: string;
  readonly stopReason?: string;
  /** From the start of the turn to its end, without the wait in the queue. */
  readonly durationMs: number;
  readonly conversationId: string;
  /** An addition: `conversationId` may be `default`, which every agent has. */
  readonly agentId: string;
  readonly runIds?: readonly string[];
};

export type SdkErrorCode = 'error' | 'llm_api_error' | 'max_steps' | 'interrupted' | 'stream_closed';

/** The SDK's word for why a turn failed; it has none for most of them. */
export function errorCodeOf(stopReason: string): SdkErrorCode {
  if (stopReason === 'cancelled' || stopReason === 'interrupted') return 'interrupted';
  return stopReason === 'llm_api_error' || stopReason === 'max_steps' || stopReason === 'stream_closed'
    ? stopReason
    : 'error';
}

/** Reasons that are a success; without a reason it is one too. */
export const isSuccess = (stopReason: string): boolean =>
  stopReason === 'end_turn' || stopReason === 'tool_rule';
