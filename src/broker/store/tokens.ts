import type { Privilege } from '../../protocol/privileges.ts';

export type TokenKind = 'device' | 'client';

/** A token as it is kept: never the token itself, only its hash (SEC-9). */
export type TokenRecord = {
  readonly id: string;
  readonly kind: TokenKind;
  readonly name: string;
  /** Of a client: what its bearer may do. Of a device: empty. */
  readonly privileges: readonly Privilege[];
  /** Of a client: the only environments (device ids) and agents it reaches; null: all. Of a device: the only device id it may register. */
  readonly devices: readonly string[] | null;
  readonly agents: readonly string[] | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
};

export type TokenRequest = Pick<
  TokenRecord,
  'kind' | 'name' | 'privileges' | 'devices' | 'agents' | 'expiresAt'
>;

/** The tokens of a broker, in a file of their own so that `farhand tokens` may write while the broker runs. */
export interface Tokens {
  /** The only time the token itself is seen: `fh_client_…` or `fh_device_…`, 256 random bits and a checksum. */
  create(request: TokenRequest, now: number): { readonly record: TokenRecord; readonly token: string };
  /** Null for what is no token of that kind, expired or revoked; `why` is for the log and never holds the token. */
  check(
    token: string,
    kind: TokenKind,
    now: number,
  ):
    | { readonly ok: true; readonly record: TokenRecord }
    | { readonly ok: false; readonly why: 'unknown' | 'kind' | 'expired' | 'revoked' };
  list(): readonly TokenRecord[];
  /** False when there is no such id. */
  revoke(id: string, now: number): boolean;
  /** Changes whenever another process has written, so that live sockets are checked again. */
  version(): number;
  close(): void;
}
