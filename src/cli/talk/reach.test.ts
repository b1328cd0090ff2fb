import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isElsewhere, readReach, wayFlags } from './reach.ts';
import { savedToken, saveToken } from './saved-tokens.ts';

const url = 'https://b.example';

function aHome(): { FARHAND_HOME: string } {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-reach-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { FARHAND_HOME: join(folder, 'home') };
}

describe('where a command goes', () => {
  it('is this machine, unless a URL is given', () => {
    const env = { ...aHome(), LETTA_BASE_URL: url, FARHAND_TOKEN: 'x' };
    expect(readReach({}, env)).toBeNull();
    expect(isElsewhere({}, env)).toBe(false);
    expect(readReach({}, { ...env, FARHAND_URL: url })).toMatchObject({ kind: 'broker', url });
    expect(readReach({ url: 'https://other.example' }, { ...env, FARHAND_URL: url })).toMatchObject({
      url: 'https://other.example',
    });
  });

  it.each([
    ['https://b.example/sub/', 'broker', 'https://b.example/sub'],
    ['http://127.0.0.1:8283', 'broker', 'http://127.0.0.1:8283'],
    ['wss://b.example/ws', 'app-server', 'wss://b.example/ws'],
    [' WS://localhost:4500 ', 'app-server', 'ws://localhost:4500'],
  ])('%s is a %s', (given, kind, to) => {
    expect(readReach({ url: given }, aHome())).toMatchObject({ kind, url: to });
  });

  it('bears the token of the flag, of FARHAND_TOKEN, of LETTA_API_KEY, or the saved one, in this order', () => {
    const home = aHome();
    expect(readReach({ url }, home)).toMatchObject({ token: null });
    expect(saveToken(home, url, 'client', 'saved')).toBeNull();
    expect(saveToken(home, url, 'device', 'of the device')).toBeNull();
    expect(saveToken(home, 'https://other.example', 'client', 'other')).toBeNull();
    const both = { ...home, LETTA_API_KEY: 'key', FARHAND_TOKEN: 'farhand' };
    const tokenOf = (env: Record<string, string>, token?: string) => readReach({ url, token }, env);
    expect(tokenOf(both, 'flag')).toMatchObject({ token: 'flag' });
    expect(tokenOf(both)).toMatchObject({ token: 'farhand' });
    expect(tokenOf({ ...home, LETTA_API_KEY: 'key' })).toMatchObject({ token: 'key' });
    expect(tokenOf(home)).toMatchObject({ token: 'saved' });
    expect(savedToken(home, url, 'device')).toBe('of the device');
  });

  it('[SEC-9] bears no device token where there is another', () => {
    const home = aHome();
    const env = { ...home, FARHAND_TOKEN: 'fh_device_1' };
    expect(readReach({ url }, env)).toMatchObject({ token: 'fh_device_1' });
    expect(readReach({ url }, { ...env, LETTA_API_KEY: 'key' })).toMatchObject({ token: 'key' });
    saveToken(home, url, 'client', 'saved');
    expect(readReach({ url }, env)).toMatchObject({ token: 'saved' });
  });

  it('[SEC-5] is refused where the token would travel in the open', () => {
    const home = aHome();
    const open = { url: 'http://b.example', token: 'secret' };
    expect(readReach(open, home)).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('--insecure'),
    });
    expect(readReach({ ...open, url: 'ws://b.example/ws' }, home)).toMatchObject({ code: 'forbidden' });
    expect(readReach({ ...open, insecure: true }, home)).toMatchObject({ token: 'secret' });
    expect(readReach({ url: 'http://b.example' }, home)).toMatchObject({ token: null });
  });

  it('is said again for the next command', () => {
    expect(wayFlags({})).toBe('');
    expect(wayFlags({ url, environment: 'my desk', token: 'secret' })).toBe(
      ` --url ${url} --environment "my desk"`,
    );
  });
});

describe('saved tokens', () => {
  it('are for this user alone', () => {
    const home = aHome();
    saveToken(home, url, 'client', 'saved');
    const file = join(home.FARHAND_HOME, 'credentials.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ v: 1, tokens: { [url]: { client: 'saved' } } });
  });

  it('that cannot be read are not taken for none', () => {
    const home = aHome();
    saveToken(home, url, 'client', 'saved');
    writeFileSync(join(home.FARHAND_HOME, 'credentials.json'), '{');
    expect(readReach({ url }, home)).toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('credentials.json'),
    });
    expect(saveToken(home, url, 'client', 'new')).toMatchObject({ code: 'store_failed' });
    expect(readReach({ url, token: 'flag' }, home)).toMatchObject({ token: 'flag' });
  });
});
