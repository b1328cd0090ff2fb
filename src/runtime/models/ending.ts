import type { LanguageModelV4FinishReason } from '@ai-sdk/provider';

/**
 * How an answer ended. `filtered`: the provider stopped it. `refused`: the model would not answer. `failed`: the provider says that it
 * failed. `malformed`: the model wrote a tool call that cannot be read. `broken`: nobody said that it ended.
 */
export type Ending =
  | 'end_turn'
  | 'max_tokens_exceeded'
  | 'refused'
  | 'filtered'
  | 'failed'
  | 'malformed'
  | 'broken';

/** `own`: finish reasons of an API, as it writes them, that mean something else than the package makes of them. */
export function endingOf(
  { unified, raw }: LanguageModelV4FinishReason,
  own: Readonly<Record<string, Ending>>,
): Ending {
  const known = raw !== undefined && Object.hasOwn(own, raw) ? own[raw] : undefined;
  if (known) return known;
  switch (unified) {
    case 'length':
      return 'max_tokens_exceeded';
    case 'content-filter':
      return 'refused';
    case 'stop':
    case 'tool-calls':
      return 'end_turn';
    case 'error':
      return 'failed';
    default:
      // A reason that is new to the package is one all the same.
      return raw === undefined || unified === 'interrupted' ? 'broken' : 'end_turn';
  }
}
