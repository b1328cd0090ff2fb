import type { Clock, Timer } from '../../link/clock.ts';
import type { Endpoint } from './endpoint.ts';
import { brokenReply, type Failed, refusedByStatus, stalled, unreachable } from './failure.ts';

/** One HTTP request of a wire: what a provider package fetches through, and what became of it. */
export type Exchange = {
  /** Throws what fetch throws, and for an answer that is no success. */
  readonly fetch: typeof fetch;
  /** Aborts when the request does, when it stalls, and on `close`. */
  readonly signal: AbortSignal;
  /** Why the request failed, as soon as it did. */
  failure(): Failed | undefined;
  /** Ends the request if it still runs. */
  close(): void;
};

export type ExchangeOptions = {
  readonly endpoint: Endpoint;
  readonly modelId: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long the endpoint may send nothing while something is awaited from it. */
  readonly stallMs: number;
};

/** Nobody reads more of an error than this. */
const ERROR_BODY_BYTES = 64 * 1024;

/** Prepares a request; call `close` when done with it. */
export function openExchange({ endpoint, modelId, signal, clock, stallMs }: ExchangeOptions): Exchange {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  let failure: Failed | undefined;
  let waitingSince: number | undefined;
  let timer: Timer | undefined;

  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });

  // One timer for the whole request, moved on when it fires, instead of one per chunk.
  const watch = (ms: number) => {
    timer = clock.after(ms, () => {
      const left = waitingSince === undefined ? stallMs : waitingSince + stallMs - clock.now();
      if (left > 0) return watch(left);
      failure ??= stalled(endpoint, stallMs);
      controller.abort();
    });
  };

  /** Time in which nobody reads is not the endpoint's. */
  const awaited = async <T>(bytes: Promise<T>, failed: (error: unknown) => Failed): Promise<T> => {
    waitingSince = clock.now();
    try {
      return await bytes;
    } catch (error) {
      if (!controller.signal.aborted) failure ??= failed(error);
      throw error;
    } finally {
      waitingSince = undefined;
    }
  };
  const cut = () => brokenReply(endpoint, 'the connection was cut before it was complete');

  const watched = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => {
    const reader = body.getReader();
    return new ReadableStream(
      {
        pull: async (sink) => {
          const { done, value } = await awaited(reader.read(), cut);
          if (done) sink.close();
          else sink.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  };

  const watchedFetch: typeof fetch = async (input, init) => {
    // An answer may be continued by further requests.
    if (!timer) watch(stallMs);
    const response = await awaited(fetch(input, init), (error) => unreachable(endpoint, error));
    const body = response.body && watched(response.body);
    if (response.ok) return new Response(body, response);
    const { status, headers } = response;
    const text = body ? await beginning(body, ERROR_BODY_BYTES) : '';
    failure ??= refusedByStatus(endpoint, modelId, { status, headers, body: text }, clock.now());
    throw new Error(failure.message);
  };

  return {
    fetch: watchedFetch,
    signal: controller.signal,
    failure: () => failure,
    close: () => {
      timer?.cancel();
      signal.removeEventListener('abort', abort);
      controller.abort();
    },
  };
}

async function beginning(body: ReadableStream<Uint8Array>, bytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let left = bytes;
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    left -= chunk.length;
    if (left <= 0) break;
  }
  return text;
}
