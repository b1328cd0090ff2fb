import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './model-answer.ts';

/** An encoded answer: `body` has one string per chunk, `garbage` is a chunk no client can parse. */
export type Encoded = { contentType: string; head: string; body: string[]; tail: string; garbage: string };

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

/** Writes an answer with its pauses and its fault (one without an HTTP status), in as few writes as these allow. */
export async function play({ res, answer, encoded, headers, passGate, signal }: Playback): Promise<Ending> {
  const { fault, chunkDelayMs = 0 } = answer;
  const { head, body, tail, garbage } = encoded;
  if (fault === 'reset' && answer.faultAfter === undefined) return 'reset';
  res.writeHead(200, { 'content-type': encoded.contentType, ...headers });
  if (fault === 'empty') return 'end';

  const holdAt = answer.hold === undefined ? -1 : Math.min(answer.holdAfter ?? 1, body.length);
  const faultAt = fault ? Math.min(answer.faultAfter ?? Math.floor(body.length / 2), body.length) : -1;
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
      await flush();
      if (fault === 'stall') await sleep(FOR_EVER, undefined, { signal });
      return fault === 'reset' ? 'reset' : 'cut';
    }
    if (chunkDelayMs > 0 && i > 0 && i < body.length) {
      await flush();
      await sleep(chunkDelayMs, undefined, { signal });
    }
    unsent += i === faultAt ? garbage : (body[i] ?? '');
  }
  res.write(unsent + tail);
  return 'end';
}
