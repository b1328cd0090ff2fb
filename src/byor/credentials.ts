import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type Credentials = {
  readonly token: string;
  /** Origins of pages that may connect; runtimes send none. */
  readonly origins: readonly string[];
};

export type Denial = { readonly status: 401 | 403; readonly message: string };

/** [SEC-1] Why whoever sent this request is not let in, if so. */
export function denialOf({ headers }: IncomingMessage, { token, origins }: Credentials): Denial | null {
  const { origin, authorization } = headers;
  if (origin !== undefined && !origins.includes(origin))
    return { status: 403, message: 'origin not allowed' };
  return isSame(authorization ?? '', `Bearer ${token}`) ? null : { status: 401, message: 'unauthorized' };
}

/** Takes as long whatever the two have in common. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
