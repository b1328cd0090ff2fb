import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What opens a session once more. Good for one time, and for nobody else. */
export type ResumeToken = { readonly token: string; readonly digest: string };

export function newResumeToken(): ResumeToken {
  const token = randomBytes(32).toString('base64url');
  return { token, digest: digestOf(token) };
}

/** Takes the same time whatever is compared. */
export const fits = (token: string, digest: string | null): boolean =>
  timingSafeEqual(Buffer.from(digestOf(token)), Buffer.from(digest ?? NOBODY)) && digest !== null;

const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url');
const NOBODY = digestOf('');
