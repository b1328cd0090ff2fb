import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { createTickets } from './tickets.ts';

describe('a ticket', () => {
  it('[SEC-11] is good once, for 30 seconds', async () => {
    const clock = virtualClock();
    const tickets = createTickets(clock);
    const [one, late] = [tickets.issue('token-1'), tickets.issue('token-2')];
    expect(one.expiresAt).toBe(clock.now() + 30_000);
    await clock.advance(29_999);
    expect(tickets.redeem(one.ticket)).toBe('token-1');
    expect(tickets.redeem(one.ticket)).toBeNull();
    await clock.advance(1);
    expect(tickets.redeem(late.ticket)).toBeNull();
    expect(tickets.redeem('nonsense')).toBeNull();
  });

  it('[LINK-3] makes room for the next one of its token alone', () => {
    const tickets = createTickets(virtualClock());
    const other = tickets.issue('token-2');
    const issued = Array.from({ length: 1_001 }, () => tickets.issue('token-1').ticket);
    expect(issued.map((ticket) => tickets.redeem(ticket)).filter((id) => id === null)).toEqual([null]);
    expect(tickets.redeem(other.ticket)).toBe('token-2');
  });
});
