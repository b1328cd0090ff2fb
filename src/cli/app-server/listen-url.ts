import { isLoopbackName } from '../../broker/access/hosts.ts';
import { type Misuse, misuse } from '../program/outcome.ts';

export type ListenUrl = {
  /** As URLs write it: an IPv6 address in brackets. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where sockets are accepted, besides `/`. */
  readonly path: string;
  readonly isLoopback: boolean;
};

const example = 'Write it like ws://127.0.0.1:4500.';

/** Reads `--listen` (protocol reference 1.3). */
export function readListenUrl(given: string): ListenUrl | Misuse {
  const wrong = (why: string): Misuse => misuse(`--listen ${given} ${why}. ${example}`);
  if (!URL.canParse(given)) return wrong('cannot be read');
  const url = new URL(given);
  if (url.protocol !== 'ws:')
    return wrong(
      url.protocol === 'wss:' ? 'would need TLS: put a proxy before it that has it' : 'must begin with ws://',
    );
  if (url.username !== '' || url.password !== '') return wrong('must not name a user');
  if (url.search !== '' || url.hash !== '') return wrong('must have neither ? nor #');
  return {
    host: url.hostname,
    port: portOf(given),
    path: url.pathname === '/' ? '/ws' : url.pathname,
    isLoopback: isLoopbackName(url.hostname),
  };
}

/** `URL` leaves out the port that is the scheme's own, and without one any free port is meant. */
const portOf = (given: string): number => Number(/^[^/]*\/\/[^/]*:(\d+)(?:\/|$)/.exec(given)?.[1] ?? 0);
