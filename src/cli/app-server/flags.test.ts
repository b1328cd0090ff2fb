import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../commands/test-home.ts';
import { isProblem } from '../program/outcome.ts';
import { type AuthFlags, readAuth } from './capability-token.ts';
import { readListenUrl } from './listen-url.ts';

describe('--listen', () => {
  it.each([
    ['ws://127.0.0.1:0', '127.0.0.1', 0, '/ws', true],
    ['ws://127.0.0.1', '127.0.0.1', 0, '/ws', true],
    ['ws://localhost:4500/', 'localhost', 4500, '/ws', true],
    ['ws://127.8.8.8:80', '127.8.8.8', 80, '/ws', true],
    ['ws://[::1]:4500/agents', '[::1]', 4500, '/agents', true],
    ['ws://0.0.0.0:4500', '0.0.0.0', 4500, '/ws', false],
    ['ws://[::]:4500', '[::]', 4500, '/ws', false],
    ['ws://192.168.1.2:4500', '192.168.1.2', 4500, '/ws', false],
    ['ws://127.0.0.1.example.org:1', '127.0.0.1.example.org', 1, '/ws', false],
  ])('%s', (given, host, port, path, isLoopback) => {
    expect(readListenUrl(given)).toEqual({ host, port, path, isLoopback });
  });

  it.each([
    ['nonsense', 'cannot be read'],
    ['127.0.0.1:4500', 'ws://127.0.0.1'],
    ['ws://127.0.0.1:70000', 'cannot be read'],
    ['http://127.0.0.1', 'must begin with ws://'],
    ['wss://127.0.0.1', 'TLS'],
    ['ws://ann@127.0.0.1', 'user'],
    ['ws://127.0.0.1/ws?token=x', 'neither'],
    ['ws://127.0.0.1/ws#x', 'neither'],
  ])('cannot be %s', (given, words) => {
    expect(readListenUrl(given)).toMatchObject({ code: 'usage', message: expect.stringContaining(words) });
  });
});

describe('[SEC-9] --ws-auth', () => {
  const sha256 = createHash('sha256').update('secret').digest('hex');
  const mode = 'capability-token';
  const files = () => {
    const folder = temporaryFolder();
    const written = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    return {
      good: written('token', ' secret\n'),
      empty: written('empty', ' \n'),
      none: join(folder, 'none'),
    };
  };

  it.each<[string, (paths: ReturnType<typeof files>) => AuthFlags]>([
    ['a token in a file', ({ good }) => ({ wsAuth: mode, wsTokenFile: good })],
    ['the hash of one', () => ({ wsAuth: mode, wsTokenSha256: sha256 })],
    ['the hash in capitals', () => ({ wsAuth: mode, wsTokenSha256: sha256.toUpperCase() })],
  ])('takes %s', (_what, flags) => {
    const check = readAuth(flags(files()));
    if (check === null || isProblem(check)) throw new Error('no check');
    expect([check('Bearer secret'), check('Bearer secrets'), check(undefined)]).toEqual([
      null,
      'invalid websocket bearer token',
      'missing websocket bearer token',
    ]);
  });

  it('is left out where nobody has to show a token', () => {
    expect(readAuth({})).toBeNull();
  });

  it.each<[string, (paths: ReturnType<typeof files>) => AuthFlags, string, string]>([
    ['a token without the mode', () => ({ wsTokenSha256: sha256 }), 'usage', '--ws-auth'],
    ['the mode without a token', () => ({ wsAuth: mode }), 'usage', 'one of'],
    [
      'two tokens',
      ({ good }) => ({ wsAuth: mode, wsTokenFile: good, wsTokenSha256: sha256 }),
      'usage',
      'one of',
    ],
    ['signed tokens', () => ({ wsAuth: 'signed-bearer-token' }), 'usage', 'not check signed tokens yet'],
    ['another mode', () => ({ wsAuth: 'none' }), 'usage', 'capability-token'],
    ['a hash that is none', () => ({ wsAuth: mode, wsTokenSha256: 'ab' }), 'usage', '64'],
    ['a relative path', () => ({ wsAuth: mode, wsTokenFile: 'token' }), 'usage', 'absolute'],
    ['an empty file', ({ empty }) => ({ wsAuth: mode, wsTokenFile: empty }), 'input_invalid', 'empty'],
    ['no file', ({ none }) => ({ wsAuth: mode, wsTokenFile: none }), 'input_invalid', 'cannot be read'],
  ])('refuses %s', (_what, flags, code, words) => {
    expect(readAuth(flags(files()))).toMatchObject({ code, message: expect.stringContaining(words) });
  });
});
