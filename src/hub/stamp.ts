import { randomBytes } from 'node:crypto';
import { limits } from '../protocol/limits.ts';

/** 128 bits: nobody finds the id of another session by trying. */
export const newSessionId = (): string => randomBytes(16).toString('base64url');
const SESSION_CHARS = 22;

/** Characters that a client's `request_id` may have, so that it still is an id when the session's stands before it. */
export const maxRequestId = limits.id - SESSION_CHARS - 1;

export type Stamp = { readonly session: string; readonly requestId: string | undefined };

/** The `request_id` of a relayed command. It alone says where the answer goes: no table, and no two sessions collide. */
export const stamp = ({ session, requestId }: Stamp): string =>
  requestId === undefined ? `${session}!` : `${session}:${requestId}`;

/** Null for whatever no hub has stamped. */
export function readStamp(value: unknown): Stamp | null {
  if (typeof value !== 'string') return null;
  const session = value.slice(0, SESSION_CHARS);
  const mark = value.slice(SESSION_CHARS, SESSION_CHARS + 1);
  if (mark === ':') return { session, requestId: value.slice(SESSION_CHARS + 1) };
  return mark === '!' ? { session, requestId: undefined } : null;
}
