/**
 * The session in what a hub stamps on a command, `<session>:<request_id>` or `<session>!`: it names a client to those who must find it
 * again. What bears no stamp, as on a link without a hub, is taken whole.
 */
export const sessionOf = (holder: string): string => /^[^:!]*/.exec(holder)?.[0] ?? holder;

/** The client's own `request_id` in a stamped one. */
export const ownRequestId = (stamped: string): string => stamped.slice(stamped.indexOf(':') + 1);
