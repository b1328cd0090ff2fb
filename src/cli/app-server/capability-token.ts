import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Misuse, misuse } from '../program/outcome.ts';

export type AuthFlags = {
  readonly wsAuth?: string | undefined;
  readonly wsTokenFile?: string | undefined;
  readonly wsTokenSha256?: string | undefined;
};

/** What is wrong with an `Authorization` header, in the words that stock clients know; null: the token is right. */
export type CheckToken = (authorization: string | undefined) => string | null;

/** Reads the `--ws-…` flags; null: nobody has to show a token (protocol reference 1.3.2). */
export function readAuth(flags: AuthFlags): CheckToken | null | Misuse | Failure {
  const { wsAuth: mode, wsTokenFile: file, wsTokenSha256: hash } = flags;
  if (mode === undefined) {
    if (file === undefined && hash === undefined) return null;
    return misuse('A token is of use only with --ws-auth capability-token. Add it, or leave the token out.');
  }
  if (mode === 'signed-bearer-token')
    return misuse('This build does not check signed tokens yet. Use --ws-auth capability-token.');
  if (mode !== 'capability-token')
    return misuse(`--ws-auth cannot be "${mode}". It is capability-token, or left out on this machine.`);
  if ((file === undefined) === (hash === undefined))
    return misuse('--ws-auth capability-token needs one of --ws-token-file and --ws-token-sha256.');
  const digest = file === undefined ? readDigest(hash ?? '') : readTokenFile(file);
  return Buffer.isBuffer(digest) ? checkAgainst(digest) : digest;
}

function readDigest(hash: string): Buffer | Misuse {
  if (/^[0-9a-f]{64}$/i.test(hash)) return Buffer.from(hash, 'hex');
  return misuse('--ws-token-sha256 must be the SHA-256 of the token, 64 hexadecimal digits.');
}

function readTokenFile(file: string): Buffer | Misuse | Failure {
  if (!isAbsolute(file)) return misuse(`--ws-token-file must be an absolute path, unlike ${file}.`);
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token !== '') return sha256(token);
    return failure('input_invalid', `The token file ${file} is empty. Write a long random token into it.`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('input_invalid', `The token file ${file} cannot be read: ${why}.`);
  }
}

/** [SEC-9] Only hashes are compared, and in constant time. */
function checkAgainst(digest: Buffer): CheckToken {
  return (authorization) => {
    if (authorization === undefined) return 'missing websocket bearer token';
    const [, scheme = '', token = ''] = /^(\S+) (.*)$/.exec(authorization) ?? [];
    if (scheme.toLowerCase() !== 'bearer' || token.trim() === '') return 'invalid authorization header';
    return timingSafeEqual(sha256(token.trim()), digest) ? null : 'invalid websocket bearer token';
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
