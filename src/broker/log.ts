/** One line of the broker's log. Flat, for machines; whatever a peer chose is cut short and without control characters. */
export type BrokerEvent = {
  readonly event:
    | 'registered'
    | 'device_online'
    | 'device_offline'
    | 'client_online'
    | 'client_offline'
    | 'refused'
    | 'revoked'
    | 'trouble'
    | 'draining';
  readonly [field: string]: string | number | boolean | null;
};

const longest = 200;

/** [SEC-9] What a peer chose, as it may stand in a log: one short line, and no token in it, wherever the peer put one. */
export function logged(text: string): string {
  const line = text
    .slice(0, 4 * longest)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/fh(?:_|%5f)[a-z]+(?:_|%5f)[A-Za-z0-9_%-]*/gi, 'fh_…');
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
