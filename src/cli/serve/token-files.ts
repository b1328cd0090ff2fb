import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenKind, Tokens } from '../../broker/store/tokens.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { privileges } from '../../protocol/privileges.ts';

/** The token of a kind that this home's first start made. */
export type HomeToken = {
  readonly path: string;
  /** Null where it no longer counts. */
  readonly token: string | null;
  /** Made just now: it is shown this once. */
  readonly isFresh: boolean;
};

export type HomeTokens = Readonly<Record<TokenKind, HomeToken>>;

/** The tokens of the person at this machine: read, or made where there is no file yet. A token that was revoked stays so. */
export function homeTokens(home: string, tokens: Tokens, now: number): HomeTokens | Failure {
  const client = homeToken(home, 'client', tokens, now);
  if ('code' in client) return client;
  const device = homeToken(home, 'device', tokens, now);
  return 'code' in device ? device : { client, device };
}

/** What the person at the machine may do: everything that a client can. */
const forClient = privileges.filter((one) => one !== 'device.register');

function homeToken(home: string, kind: TokenKind, tokens: Tokens, now: number): HomeToken | Failure {
  const path = join(home, `${kind}-token`);
  try {
    const kept = read(path);
    if (kept !== null) return { path, token: tokens.check(kept, kind, now).ok ? kept : null, isFresh: false };
    const { token } = tokens.create(
      {
        kind,
        name: 'first start',
        privileges: kind === 'client' ? forClient : [],
        devices: null,
        agents: null,
        expiresAt: null,
      },
      now,
    );
    writeFileSync(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
    return { path, token, isFresh: true };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('home_unwritable', `The ${kind} token cannot be kept in ${path}: ${why}.`);
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
