import type { Clock, Timer } from './clock.ts';
import { type DialFailure, isDialFailure } from './dial-failure.ts';
import type { Closed, Pipe } from './pipe.ts';
import { tellingEnd } from './with-listen.ts';

export type Retry = {
  /** 0 for the immediate retry after a lost connection, then 1, 2, … */
  readonly attempt: number;
  readonly delayMs: number;
  /** Why the last attempt failed; absent when a connection was lost, which `onDown` told. */
  readonly failure?: DialFailure;
};

export type ReconnectOptions = {
  /** One attempt. A rejection counts as a failure of kind `error`. */
  open(): Promise<Pipe | DialFailure>;
  /** A fresh pipe; listen to it before the next turn of the event loop, since only then its end is seen. */
  onUp(pipe: Pipe): void;
  /** Called once for every `onUp`, after the pipe's own listener heard of the end. `stop()` inside it is final. */
  onDown(why: Closed): void;
  /** Told before every wait. */
  onRetry(retry: Retry): void;
  /** True ends it for good, without a retry. Default: nothing is fatal. */
  fatal?(failure: DialFailure): boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
};

export type KeptConnection = {
  /** No further attempt; a connection that is up is closed (default 1000). */
  stop(code?: number, reason?: string): void;
};

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;
const MAX_JITTER_MS = 1_000;
/** A connection shorter than this does not reset the delays, else a peer that hangs up at once is dialled in a tight loop. */
const STEADY_MS = 5_000;

/** [LINK-2] Keeps a connection up for ever: 1 s, 2 s, 4 s … 30 s apart, at once when an established one is lost. */
export function keepConnected(options: ReconnectOptions): KeptConnection {
  const { clock } = options;
  let stopped = false;
  let attempt = 0;
  let current: Pipe | undefined;
  let timer: Timer | undefined;

  function dial(): void {
    opened(options).then(arrived);
  }

  function arrived(result: Pipe | DialFailure): void {
    if (isDialFailure(result)) return failed(result);
    if (stopped) return result.close();
    const since = clock.now();
    current = tellingEnd(result, (why) => {
      current = undefined;
      options.onDown(why);
      if (clock.now() - since >= STEADY_MS) attempt = 0;
      retry();
    });
    options.onUp(current);
  }

  function failed(failure: DialFailure): void {
    if (stopped) return;
    if (options.fatal?.(failure)) {
      stopped = true;
      return;
    }
    attempt = Math.max(1, attempt);
    retry(failure);
  }

  function retry(failure?: DialFailure): void {
    if (stopped) return;
    const delayMs = delayOf(attempt, options.random());
    options.onRetry(failure ? { attempt, delayMs, failure } : { attempt, delayMs });
    if (stopped) return;
    attempt++;
    timer = clock.after(delayMs, dial);
  }

  dial();
  return {
    stop(code, reason) {
      stopped = true;
      timer?.cancel();
      current?.close(code, reason);
    },
  };
}

/** The wait before retry `attempt` (0 = none), `random` in [0, 1). */
function delayOf(attempt: number, random: number): number {
  if (attempt === 0) return 0;
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  return delay + Math.floor(random * Math.min(MAX_JITTER_MS, delay / 4));
}

async function opened(options: ReconnectOptions): Promise<Pipe | DialFailure> {
  try {
    return await options.open();
  } catch (error) {
    return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}
