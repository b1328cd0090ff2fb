import type { Clock } from '../../link/clock.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { tellingEnd } from '../../link/with-listen.ts';
import { errorTable } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { BrokerEvent } from '../log.ts';
import type { TokenRecord, Tokens } from '../store/tokens.ts';
import { isGood } from './access.ts';

/** The sockets that tokens have opened, which end with them. */
export type LiveSockets = {
  /** The pipe as it is to be used from now on; null when the token has as many as it may. */
  enter(record: TokenRecord, pipe: Pipe, ended: (why: Closed) => void): Pipe | null;
  /** Resolves when none is left, or after that time. */
  gone(withinMs: number): Promise<void>;
  stop(): void;
};

export type LiveOptions = {
  readonly tokens: Tokens;
  readonly clock: Clock;
  log(event: BrokerEvent): void;
};

type Opened = { record: TokenRecord; readonly pipes: Set<Pipe>; ended: boolean };

const lookEveryMs = 1_000;

/** [SEC-9] Closes what a token has opened within a second of its end, whoever ended it. */
export function liveSockets({ tokens, clock, log }: LiveOptions): LiveSockets {
  const byToken = new Map<string, Opened>();
  const waiting = new Set<() => void>();
  let version = tokens.version();
  let timer = clock.after(lookEveryMs, look);

  function look(): void {
    timer = clock.after(lookEveryMs, look);
    try {
      refresh();
    } catch (error) {
      log({ event: 'trouble', what: 'the tokens cannot be read', why: String(error) });
    }
    for (const opened of byToken.values())
      if (!opened.ended && !isGood(opened.record, clock.now())) end(opened);
  }

  function refresh(): void {
    const now = tokens.version();
    if (now === version) return;
    const records = new Map(tokens.list().map((record) => [record.id, record]));
    for (const [id, opened] of byToken) {
      opened.record = records.get(id) ?? { ...opened.record, revokedAt: clock.now() };
    }
    version = now;
  }

  function end(opened: Opened): void {
    const { pipes } = opened;
    const { id, kind, revokedAt } = opened.record;
    opened.ended = true;
    const why = revokedAt === null ? 'expired' : 'revoked';
    log({ event: 'revoked', token: id, why, sockets: pipes.size });
    // A stock runtime knows no other code that makes it show its token again.
    const code = kind === 'client' ? errorTable.revoked.close : 1008;
    for (const pipe of [...pipes]) pipe.close(code, `the token of this connection was ${why}`);
  }

  function leave(id: string, pipe: Pipe): void {
    const opened = byToken.get(id);
    opened?.pipes.delete(pipe);
    if (opened?.pipes.size === 0) byToken.delete(id);
    if (byToken.size === 0) for (const tell of waiting) tell();
  }

  return {
    enter(record, pipe, ended) {
      const opened = byToken.get(record.id) ?? { record, pipes: new Set(), ended: false };
      if (opened.pipes.size >= limits.socketsPerToken) return null;
      byToken.set(record.id, opened);
      opened.pipes.add(pipe);
      const { id } = record;
      return tellingEnd(pipe, (why) => {
        leave(id, pipe);
        ended(why);
      });
    },
    gone: (withinMs) =>
      new Promise((resolve) => {
        if (byToken.size === 0) return resolve();
        const late = clock.after(withinMs, resolve);
        waiting.add(() => {
          late.cancel();
          resolve();
        });
      }),
    stop: () => timer.cancel(),
  };
}
