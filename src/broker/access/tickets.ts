import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../link/clock.ts';

export type Tickets = {
  /** A ticket that lets its bearer in once, as the token of that id. `expiresAt`: milliseconds since the epoch. */
  issue(tokenId: string): { readonly ticket: string; readonly expiresAt: number };
  /** The id of the token it stands for; null when it is none, was used or is too old. */
  redeem(ticket: string): string | null;
};

const goodForMs = 30_000;
/** Of one token; the oldest makes room. */
const mostOpen = 1_000;

type Ticket = { readonly tokenId: string; readonly expiresAt: number };

/**
 * [SEC-11] Tickets for browsers, which cannot show a token but in an address, where it would stay in histories and logs. They live in
 * memory: after a restart a page asks for another.
 */
export function createTickets(clock: Clock): Tickets {
  // In the order of their making, which is that of their end.
  const open = new Map<string, Ticket>();

  function sweep(): void {
    const now = clock.now();
    for (const [key, { expiresAt }] of open) {
      if (expiresAt > now) return;
      open.delete(key);
    }
  }
  function makeRoom(tokenId: string): void {
    const own = [...open].filter(([, ticket]) => ticket.tokenId === tokenId);
    if (own.length >= mostOpen && own[0]) open.delete(own[0][0]);
  }
  return {
    issue(tokenId) {
      sweep();
      makeRoom(tokenId);
      const ticket = `fh_ticket_${randomBytes(32).toString('base64url')}`;
      const expiresAt = clock.now() + goodForMs;
      open.set(keyOf(ticket), { tokenId, expiresAt });
      return { ticket, expiresAt };
    },
    redeem(ticket) {
      const key = keyOf(ticket);
      const found = open.get(key);
      open.delete(key);
      return found && found.expiresAt > clock.now() ? found.tokenId : null;
    },
  };
}

/** How long a look-up takes tells nothing about a hash that nobody can choose. */
const keyOf = (ticket: string): string => createHash('sha256').update(ticket).digest('base64');
