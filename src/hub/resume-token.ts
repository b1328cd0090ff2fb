import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What opens a session once more. Good for one time, and for nobody else. */
export type ResumeToken = { readonly token: string; readonly digest: Buffer };

export function newResumeToken(): ResumeToken {
  const token = randomBytes(32).toString('base64url');
  return { token, digest: digestOf(token) };
}

/** Takes the same time whatever is compared. */
export const fits = (token: string, digest: Buffer | null): boolean =>
  timingSafeEqual(digestOf(token), digest ?? NOBODY) && digest !== null;

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
const NOBODY = digestOf('');
