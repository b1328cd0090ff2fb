import { type Choice, type Message, newestUserText } from './model-choice.ts';
import type { Reply } from './model-script.ts';

/** A reply with every placeholder filled: what a wire format encodes. */
export type Answer = Omit<Reply, 'calls' | 'text' | 'reasoning' | 'finish' | 'usage' | 'times' | 'next'> & {
  text: string;
  reasoning: string;
  calls: readonly { id: string; name: string; arguments: string }[];
  finish: NonNullable<Reply['finish']>;
  /** `input` counts cached and cache-written tokens too, `output` those of reasoning. */
  usage: { input: number; output: number; cached: number; cacheWritten: number; reasoning: number };
};

const ID = 'call_{{script}}_{{step}}_{{n}}_{{request}}';

/** Fills in a chosen reply. `request` must be unique over all requests, as a real server's ids are. */
export function answerOf(
  choice: Choice,
  reply: Reply,
  messages: readonly Message[],
  request: string,
): Answer {
  const { next: _next, times: _times, ...rest } = reply;
  const values: Record<string, string> = {
    ...parametersIn(choice.userText),
    script: choice.script ?? 'echo',
    step: `${choice.step}`,
    messages: `${messages.length}`,
    user: newestUserText(messages),
    request,
  };
  const text = fill(reply.text ?? '', values);
  const reasoning = fill(reply.reasoning ?? '', values);
  const calls = (reply.calls ?? []).map((call, n) => {
    const own = { ...values, n: `${n}` };
    return { id: fill(call.id ?? ID, own), name: call.name, arguments: argumentText(call.arguments, own) };
  });
  const spent = text.length + reasoning.length + calls.reduce((sum, call) => sum + call.arguments.length, 0);
  const usage = {
    input: Math.ceil(messages.reduce((sum, m) => sum + m.text.length, 0) / 4),
    output: Math.ceil(spent / 4),
    cached: 0,
    cacheWritten: 0,
    reasoning: Math.ceil(reasoning.length / 4),
    ...reply.usage,
  };
  const finish = reply.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop');
  return {
    ...rest,
    ...(rest.hold && { hold: fill(rest.hold, values) }),
    text,
    reasoning,
    calls,
    finish,
    usage,
  };
}

function parametersIn(text: string): Record<string, string> {
  const found = text.matchAll(/(?:^|\s)([A-Za-z_]+)=(?:"([^"]*)"|(\S+))/g);
  return Object.fromEntries([...found].map(([, name, quoted, bare]) => [name, quoted ?? bare ?? '']));
}

/** A placeholder nothing is known of stays as it is: visible, and literal braces survive. */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{([A-Za-z_]+)(?:\|([^{}]*))?\}\}/g, (whole, name: string, other?: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : (other ?? whole),
  );
}

function argumentText(value: unknown, values: Record<string, string>): string {
  if (isRaw(value)) return fill(value.raw, values);
  return (
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? fill(part, values) : part)) ??
    ''
  );
}

function isRaw(value: unknown): value is { raw: string } {
  if (typeof value !== 'object' || value === null || !('raw' in value)) return false;
  return typeof value.raw === 'string' && Object.keys(value).length === 1;
}

/** A part of an answer in the pieces it is streamed in. An empty block has no pieces. */
export type Block =
  | { kind: 'reasoning' | 'text'; text: string; pieces: readonly string[] }
  | { kind: 'call'; index: number; id: string; name: string; arguments: string; pieces: readonly string[] };

/** The parts of an answer in their order. Reasoning that is hidden has a block too, without a text. */
export function blocksOf(answer: Answer): Block[] {
  const { reasoning, text, calls, reasoningPieces, pieces, argumentPieces } = answer;
  const shown = answer.hideReasoning ? '' : reasoning;
  const blocks: Block[] = [];
  if (reasoning !== '') {
    blocks.push({ kind: 'reasoning', text: shown, pieces: splitText(shown, reasoningPieces) });
  }
  if (text !== '') blocks.push({ kind: 'text', text, pieces: splitText(text, pieces) });
  const asCall = (call: Answer['calls'][number], index: number): Block => ({
    kind: 'call',
    index,
    ...call,
    pieces: splitText(call.arguments, argumentPieces),
  });
  return [...blocks, ...calls.map(asCall)];
}

/** One chunk of an answer, before a wire format encodes it. */
export type Delta =
  | { kind: 'reasoning' | 'text'; text: string }
  | { kind: 'call'; index: number; id: string; name: string }
  | { kind: 'arguments'; index: number; text: string };

/** An answer as the chunks it is streamed in. */
export function deltasOf(answer: Answer): Delta[] {
  return blocksOf(answer).flatMap((block): Delta[] => {
    const { kind, pieces } = block;
    if (kind !== 'call') return pieces.map((text) => ({ kind, text }));
    const { index, id, name } = block;
    return [{ kind, index, id, name }, ...pieces.map((text): Delta => ({ kind: 'arguments', index, text }))];
  });
}

/** Even pieces of whole code points; no real server sends half of one. */
function splitText(text: string, wanted?: number): string[] {
  const points = Array.from(text);
  const pieces = Math.min(wanted ?? Math.ceil(points.length / 12), points.length);
  return Array.from({ length: pieces }, (_, i) =>
    points
      .slice(Math.floor((i * points.length) / pieces), Math.floor(((i + 1) * points.length) / pieces))
      .join(''),
  );
}

/**
 * The events of a block as chunks: what opens it goes with its first piece (only a call is announced by a chunk of its
 * own), what closes it with its last.
 */
export function chunksOf<Event>(block: Block, open: Event[], deltas: Event[], close: Event[]): Event[][] {
  const alone = block.kind === 'call' || deltas.length === 0;
  const [first, ...others] = deltas.map((delta) => [delta]);
  const chunks = alone
    ? [open, ...(first ? [first] : []), ...others]
    : [[...open, ...(first ?? [])], ...others];
  chunks.at(-1)?.push(...close);
  return chunks;
}
