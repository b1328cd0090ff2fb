import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './model-answer.ts';
import type { ModelWire, Problem } from './model-wire.ts';

/** An encoded answer: `body` has one string per chunk, `garbage` is a chunk no client can parse. */
export type Encoded = {
  contentType: string;
  head: string;
  body: string[];
  tail: string;
  garbage: string;
  /** For streams: what is sent to say nothing. */
  ping?: string;
  /** For streams: how an error is told after `chunks` chunks. */
  failure?: (problem: Problem, chunks: number) => string;
};

/** Long enough to outlive any client: a stalled server stays silent. */
const FOR_EVER = 2 ** 31 - 1;

export type Playback = {
  res: ServerResponse;
  answer: Answer;
  encoded: Encoded;
  headers: Record<string, string>;
  /** Resolves when the named gate is open. */
  passGate: (gate: string) => Promise<void>;
  /** Aborts when the client has left. */
  signal: AbortSignal;
};

/** How the response must end now: as it should, by a closed socket, or by a TCP reset. */
export type Ending = 'end' | 'cut' | 'reset';

/** The fault as a problem that is told in the API's own words, if it is one. */
function problemOf({ fault, usage }: Answer): Problem | undefined {
  if (fault === 'overflow') return { kind: 'overflow', tokens: usage.input };
  if (typeof fault !== 'object') return undefined;
  const wait = fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter };
  return { kind: 'status', status: fault.status, ...wait };
}

/** Whether the problem is told in the middle of the stream; else it comes in place of an answer. */
function toldInside(answer: Answer, encoded: Encoded): boolean {
  return answer.faultAfter !== undefined && encoded.failure !== undefined;
}

/** Writes an answer or, where its fault takes the place of one, what the API says then. Throws when the client leaves. */
export async function respond(wire: ModelWire, request: string, playback: Playback): Promise<Ending> {
  const { res, answer, encoded, headers, signal } = playback;
  if (answer.delayMs) await sleep(answer.delayMs, undefined, { signal });
  const problem = problemOf(answer);
  if (!problem || toldInside(answer, encoded)) return play(playback);
  const failure = wire.fail(problem, request);
  res.writeHead(failure.status, { 'content-type': 'application/json', ...headers, ...failure.headers });
  const told = typeof answer.fault === 'object' ? answer.fault.body : undefined;
  res.write(told ?? failure.body);
  return 'end';
}

export function finish(res: ServerResponse, ending: Ending): void {
  if (ending === 'end') res.end();
  else if (ending === 'cut') res.destroy();
  else res.socket?.resetAndDestroy();
}

/** Writes an answer with its pauses and its fault, in as few writes as these allow. */
async function play({ res, answer, encoded, headers, passGate, signal }: Playback): Promise<Ending> {
  const { fault, chunkDelayMs = 0 } = answer;
  const { head, body, tail, garbage, ping = '' } = encoded;
  const problem = problemOf(answer);
  if (fault === 'reset' && answer.faultAfter === undefined) return 'reset';
  res.writeHead(200, { 'content-type': encoded.contentType, ...headers });
  if (fault === 'empty') return 'end';

  const holdAt = answer.hold === undefined ? -1 : Math.min(answer.holdAfter ?? 1, body.length);
  const usually = fault === 'unfinished' ? body.length : Math.floor(body.length / 2);
  const faultAt = fault ? Math.min(answer.faultAfter ?? usually, body.length) : -1;
  let unsent = head;
  const flush = async () => {
    const text = unsent;
    unsent = '';
    if (text !== '') await new Promise<void>((resolve) => res.write(text, () => resolve()));
    else res.flushHeaders();
    signal.throwIfAborted();
  };
  for (let i = 0; i <= body.length; i++) {
    if (i === holdAt && answer.hold !== undefined) {
      await flush();
      await passGate(answer.hold);
    }
    if (i === faultAt && fault !== 'garbage') {
      if (problem) unsent += encoded.failure?.(problem, i) ?? '';
      await flush();
      if (problem || fault === 'unfinished') return 'end';
      if (fault === 'stall') await sleep(FOR_EVER, undefined, { signal });
      return fault === 'reset' ? 'reset' : 'cut';
    }
    if (chunkDelayMs > 0 && i > 0 && i < body.length) {
      await flush();
      await sleep(chunkDelayMs, undefined, { signal });
    }
    if (answer.pingEvery && i > 0 && i < body.length && i % answer.pingEvery === 0) unsent += ping;
    unsent += i === faultAt ? garbage : (body[i] ?? '');
  }
  res.write(unsent + tail);
  return 'end';
}
