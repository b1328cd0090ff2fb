import * as z from 'zod';

const count = z.int().positive();
const nonNegative = z.int().nonnegative();

/**
 * How an answer goes wrong. What comes in place of an answer (a status, `overflow`, `reset`) comes before the headers,
 * or in the middle of a stream when `faultAfter` is given: a status and `overflow` then as the API's error event.
 */
const faultSchema = z.union([
  /** That HTTP status after `delayMs`, never held. `body` replaces the API's own words, `retryAfter` is in seconds. */
  z.strictObject({
    status: z.int().min(400).max(599),
    body: z.string().exactOptional(),
    retryAfter: nonNegative.exactOptional(),
  }),
  /** `overflow`: the prompt is too long for the model, as the API says it.
   *  `truncate`: the socket closes mid-answer. `reset`: a TCP reset. `garbage`: one chunk is no JSON.
   *  `empty`: 200 and no body. `stall`: silence until the client leaves.
   *  `unfinished`: the stream ends as a complete one would, but without its final events (by default after all chunks). */
  z.enum(['overflow', 'truncate', 'reset', 'garbage', 'empty', 'stall', 'unfinished']),
]);

const callSchema = z.strictObject({
  /** Default: unique over requests and server restarts, starting with `call_<script>_<step>_<n>`. */
  id: z.string().exactOptional(),
  name: z.string(),
  /** Any JSON value, or `{raw}`: exactly these characters, which need not be JSON. */
  arguments: z.unknown(),
});

/**
 * One answer of the model, the same for every API. "Chunks" are the pieces of reasoning, text and calls, in that order;
 * a call begins with a chunk for its name (Google has one chunk for a whole call).
 * Strings may hold placeholders: `{{script}}`, `{{step}}`, `{{messages}}` (how many were in the request), `{{request}}`
 * (unique), `{{n}}` (index of the call), `{{user}}` (the newest user text), and `{{name}}` or `{{name|default}}` for a
 * `name=value` or `name="value"` in the user message that chose the script.
 */
const replySchema = z.strictObject({
  /** Shown as each API does: Anthropic with `thinking`, Responses with `reasoning.summary`, Google with `includeThoughts`,
   *  chat always. Signatures, encrypted content and thought signatures come by themselves. */
  reasoning: z.string().exactOptional(),
  /** The client gets only what signs the reasoning, not its text, also where it asks for that; default false. */
  hideReasoning: z.boolean().exactOptional(),
  text: z.string().exactOptional(),
  calls: z.array(callSchema).exactOptional(),
  /** In how many chunks; default one per 12 characters, never more than there are characters. */
  reasoningPieces: count.exactOptional(),
  pieces: count.exactOptional(),
  argumentPieces: count.exactOptional(),
  /** Default `tool_calls` with calls, else `stop`. `refusal`: the model declines, its text says why. */
  finish: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'refusal']).exactOptional(),
  /** In tokens; default a quarter of the characters. `input` counts cached and cache-written ones, `output` reasoning. */
  usage: z
    .strictObject({
      input: nonNegative.exactOptional(),
      output: nonNegative.exactOptional(),
      cached: nonNegative.exactOptional(),
      cacheWritten: nonNegative.exactOptional(),
      reasoning: nonNegative.exactOptional(),
    })
    .exactOptional(),
  /** Wait before the headers. */
  delayMs: nonNegative.exactOptional(),
  /** Wait between two chunks; without it everything is written at once. */
  chunkDelayMs: nonNegative.exactOptional(),
  /** A sign of life (Anthropic a `ping` event, others a comment) before every n-th chunk of a stream. */
  pingEvery: count.exactOptional(),
  /** A named gate: pause there until it is released. */
  hold: z.string().exactOptional(),
  /** How many chunks precede the pause; default 1. */
  holdAfter: nonNegative.exactOptional(),
  fault: faultSchema.exactOptional(),
  /** How many chunks precede the fault; default half of them. */
  faultAfter: nonNegative.exactOptional(),
  /** Only the first n requests at this step get this reply (default 1 if `next` is given, else all). */
  times: count.exactOptional(),
  /** What follows `times`; default this reply without its fault. */
  get next() {
    return replySchema.exactOptional();
  },
});

const scriptsSchema = z.record(
  z.string().regex(/^[A-Za-z0-9_-]+$/),
  z.array(replySchema).nonempty('a script needs at least one reply'),
);

export type Fault = z.infer<typeof faultSchema>;
export type Reply = z.infer<typeof replySchema>;
/** The n-th reply answers the n-th request after the user message that names the script. */
export type Script = readonly Reply[];
/** Scripts by name; plain JSON. */
export type Scripts = Readonly<Record<string, Script>>;

/** Checks scripts that came as JSON. Throws an Error that names what is wrong and where. */
export function parseScripts(value: unknown): Scripts {
  const parsed = scriptsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(
    `The model scripts are not valid: correct this and start again.\n${z.prettifyError(parsed.error)}`,
  );
}
