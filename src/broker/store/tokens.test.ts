import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../sqlite/store-error.ts';
import { openTokens } from './sqlite-tokens.ts';
import type { TokenRequest, Tokens } from './tokens.ts';

let folder: string;
let opened: Tokens[];
let tokens: Tokens;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farhand-tokens-'));
  opened = [];
  tokens = open();
});
afterEach(() => {
  for (const one of opened) one.close();
  rmSync(folder, { recursive: true });
});

function open(): Tokens {
  const one = openTokens(folder);
  opened.push(one);
  return one;
}

const client: TokenRequest = {
  kind: 'client',
  name: 'phone',
  privileges: ['observe', 'send'],
  devices: ['device-1'],
  agents: null,
  expiresAt: null,
};
const device: TokenRequest = {
  ...client,
  kind: 'device',
  privileges: [],
  devices: null,
  agents: ['agent-1'],
};

describe('[SEC-9] a token', () => {
  it('has a kind, 256 random bits and a checksum, and is another one every time', () => {
    const made = Array.from({ length: 50 }, () => tokens.create(client, 1_000).token);
    for (const token of made) expect(token).toMatch(/^fh_client_[A-Za-z0-9_-]{49}$/);
    expect(new Set(made.map((token) => token.slice(10, 53))).size).toBe(50);
    expect(tokens.create(device, 1_000).token).toMatch(/^fh_device_[A-Za-z0-9_-]{49}$/);
    const fixed = openTokens(folder, { random: (bytes) => Buffer.alloc(bytes, 255) });
    opened.push(fixed);
    const { token } = fixed.create(client, 1_000);
    expect(Buffer.from(token.slice(10, 53), 'base64url')).toEqual(Buffer.alloc(32, 255));
  });

  it('is good for what it was made for, in every process, and shows its record', () => {
    const { record, token } = tokens.create(client, 1_000);
    expect(record).toEqual({ ...client, id: record.id, createdAt: 1_000, revokedAt: null });
    for (const one of [tokens, open()]) {
      expect(one.check(token, 'client', 2_000)).toEqual({ ok: true, record });
      expect(one.check(token, 'device', 2_000)).toEqual({ ok: false, why: 'kind' });
    }
    expect(tokens.check(tokens.create(device, 1_000).token, 'device', 1_000)).toMatchObject({
      ok: true,
      record: device,
    });
  });

  it('stands nowhere on disk, but for its hash, and the files are for their owner alone', () => {
    const { token } = tokens.create(client, 1_000);
    const secret = Buffer.from(token.slice(10, 53), 'base64url');
    const files = readdirSync(folder);
    expect(files).toContain('tokens.db');
    for (const file of files) {
      const bytes = readFileSync(join(folder, file));
      expect(bytes.includes(token.slice(10, 30))).toBe(false);
      expect(bytes.includes(secret)).toBe(false);
      if (process.platform !== 'win32') expect(statSync(join(folder, file)).mode & 0o77).toBe(0);
    }
    expect(JSON.stringify(tokens.list())).not.toContain(token.slice(10, 30));
  });

  it.each<readonly [string, (token: string) => string]>([
    ['nothing', () => ''],
    ['something else', () => 'Bearer'],
    ['one with a letter exchanged', (token) => token.replace(/.(?=.{20}$)/, (c) => (c === 'a' ? 'b' : 'a'))],
    ['one cut short', (token) => token.slice(0, -1)],
    ['one with more behind', (token) => `${token}A`],
    ['one with a line break behind', (token) => `${token}\n`],
    ['one with space around', (token) => ` ${token} `],
    ['one called by the other kind', (token) => token.replace('client', 'device')],
    ['one of another broker', () => openElsewhere()],
  ])('is not %s', (_what, change) => {
    const { token } = tokens.create(client, 1_000);
    for (const kind of ['client', 'device'] as const)
      expect(tokens.check(change(token), kind, 2_000)).toEqual({ ok: false, why: 'unknown' });
  });

  it('is told from a mistyped one without a look into the file', () => {
    const { token } = tokens.create(client, 1_000);
    tokens.close();
    expect(tokens.check(`${token.slice(0, -1)}~`, 'client', 2_000)).toEqual({ ok: false, why: 'unknown' });
    const swapped = token.replace(/(.)(.)(?=.{6}$)/, (_, a, b) =>
      a === b ? `${a}${a === 'x' ? 'y' : 'x'}` : `${b}${a}`,
    );
    expect(swapped).not.toBe(token);
    expect(tokens.check(swapped, 'client', 2_000)).toEqual({ ok: false, why: 'unknown' });
    expect(() => tokens.check(token, 'client', 2_000)).toThrow(StoreError);
  });

  it('ends when it expires', () => {
    const { record, token } = tokens.create({ ...client, expiresAt: 5_000 }, 1_000);
    expect(tokens.check(token, 'client', 4_999)).toEqual({ ok: true, record });
    expect(tokens.check(token, 'client', 5_000)).toEqual({ ok: false, why: 'expired' });
  });

  it('ends when it is revoked, in every process, for good', () => {
    const other = open();
    const { record, token } = tokens.create(client, 1_000);
    // It was shown before, so that what is remembered of it must not count any more.
    expect(tokens.check(token, 'client', 2_000)).toMatchObject({ ok: true });
    expect(other.revoke(record.id, 2_000)).toBe(true);
    expect(other.revoke(record.id, 3_000)).toBe(true);
    expect(other.revoke('token-none', 3_000)).toBe(false);
    expect(tokens.check(token, 'client', 2_000)).toEqual({ ok: false, why: 'revoked' });
    expect(tokens.list()).toEqual([{ ...record, revokedAt: 2_000 }]);
  });
});

describe('the tokens of a broker', () => {
  it('are listed oldest first', () => {
    const made = [3_000, 1_000, 2_000].map((at) => tokens.create({ ...client, name: `${at}` }, at).record);
    expect(tokens.list()).toEqual([made[1], made[2], made[0]]);
  });

  it('[SEC-9] have another version after every write, of this process or another, and only then', () => {
    const other = open();
    const seen = [tokens.version()];
    const look = () => {
      const version = tokens.version();
      expect(seen).not.toContain(version);
      expect(tokens.version()).toBe(version);
      seen.push(version);
    };
    const { record } = tokens.create(client, 1_000);
    look();
    other.create(client, 1_000);
    look();
    other.revoke(record.id, 2_000);
    look();
    tokens.revoke(record.id, 2_000);
    look();
  });
});

function openElsewhere(): string {
  const elsewhere = mkdtempSync(join(tmpdir(), 'farhand-tokens-'));
  const other = openTokens(elsewhere);
  const { token } = other.create(client, 1_000);
  other.close();
  rmSync(elsewhere, { recursive: true });
  return token;
}
