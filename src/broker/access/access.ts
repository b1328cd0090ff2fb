import type { Clock } from '../../link/clock.ts';
import { type ErrorCode, errorTable, type Failure, failure } from '../../protocol/errors.ts';
import { type BrokerEvent, logged } from '../log.ts';
import type { TokenKind, TokenRecord, Tokens } from '../store/tokens.ts';
import { type HostOptions, hostPolicy, type Place } from './hosts.ts';
import type { Knock } from './knock.ts';
import type { Tickets } from './tickets.ts';

/** Why somebody is not let in, as they are told. `retryAfter` in seconds. */
export type Denial = Failure & {
  readonly status: (typeof errorTable)[ErrorCode]['http'];
  readonly retryAfter?: number;
};

export const isDenial = <T extends object>(one: T | Denial): one is Denial =>
  'status' in one && 'code' in one;

export type Access = {
  /** [SEC-10] The first look at everything that comes. */
  place(knock: Knock): Place | Denial;
  /** The token that the request shows, which must be of that kind. */
  token(knock: Knock, kind: TokenKind): TokenRecord | Denial;
  /** Notes that a request was refused. `why` is for the log alone. */
  refuse(knock: Knock, why: string, what: Failure): Denial;
};

export type AccessOptions = HostOptions & {
  readonly tokens: Tokens;
  readonly tickets: Tickets;
  readonly clock: Clock;
  log(event: BrokerEvent): void;
};

/** Refusals of one address within one window that are answered in full and logged. */
const mostRefusals = 20;
const windowMs = 60_000;
/** Addresses that are counted apart; whoever comes beyond them is counted together. */
const mostAddresses = 10_000;

/** Who may come in. Whatever is wrong with a token, whoever shows it hears the same (SEC-9). */
export function createAccess({ tokens, tickets, clock, log, ...hosts }: AccessOptions): Access {
  const policy = hostPolicy(hosts);
  let refusals = new Map<string, number>();
  let windowEnds = 0;

  /** How often that address was refused lately, this time included. */
  function count(address: string): number {
    const now = clock.now();
    if (now >= windowEnds) {
      refusals = new Map();
      windowEnds = now + windowMs;
    }
    const key = refusals.has(address) || refusals.size < mostAddresses ? address : '';
    const times = (refusals.get(key) ?? 0) + 1;
    refusals.set(key, times);
    return times;
  }

  function refuse(knock: Knock, why: string, what: Failure): Denial {
    const { code } = what;
    const times = count(knock.peer.address);
    if (times <= mostRefusals) {
      const last = times === mostRefusals ? { more: 'not logged for a minute' } : {};
      log({ event: 'refused', why, code, path: logged(knock.path), address: knock.peer.address, ...last });
    }
    if (code !== 'unauthorized' || times <= mostRefusals) return denial(what);
    // Only who is refused anyway is slowed down: a good token is good from any address.
    const retryAfter = Math.ceil((windowEnds - clock.now()) / 1000);
    const slower = `Too many requests without a good token came from your address. Try again in ${retryAfter} s.`;
    return { ...denial(failure('quota', slower)), retryAfter };
  }

  function byTicket(ticket: string): Judged {
    const id = tickets.redeem(ticket);
    if (id === null) return { ok: false, why: 'ticket' };
    const record = tokens.list().find((one) => one.id === id);
    return record && isGood(record, clock.now()) ? { ok: true, record } : { ok: false, why: 'revoked' };
  }

  function judge({ authorization, query }: Knock, kind: TokenKind): Judged {
    const shown = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? query?.get('token');
    if (shown) return tokens.check(shown, kind, clock.now());
    const ticket = kind === 'client' ? query?.get('ticket') : null;
    return ticket ? byTicket(ticket) : { ok: false, why: 'none' };
  }

  return {
    place(knock) {
      const place = policy(knock);
      if ('base' in place) return place;
      return refuse(knock, place.why, place);
    },
    token(knock, kind) {
      const judged = judge(knock, kind);
      if (judged.ok) return judged.record;
      return refuse(
        knock,
        judged.why,
        failure('unauthorized', judged.why === 'kind' ? otherKind[kind] : noGood),
      );
    },
    refuse,
  };
}

type Judged =
  | { readonly ok: true; readonly record: TokenRecord }
  | { readonly ok: false; readonly why: string };

const noGood =
  'A good token is needed: Authorization: Bearer <token>. See farhand tokens at the machine where the broker runs.';
const otherKind: Readonly<Record<TokenKind, string>> = {
  client: 'This is a device token, and here a client token is needed. See farhand tokens.',
  device: 'This is a client token, and a device registers with a device token. See farhand tokens.',
};

/** Whether a token still counts. */
export const isGood = ({ revokedAt, expiresAt }: TokenRecord, now: number): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now);

export const denial = ({ code, message }: Failure): Denial => ({
  code,
  message,
  status: errorTable[code].http,
});
