import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Member } from '../src/cli/home/member.ts';
import { homePaths } from '../src/cli/home/paths.ts';
import { homeStand, temporaryFolder } from './support/home-stand.ts';
import type { Peer } from './support/peer.ts';

// A home that cannot be used says what is wrong with it, in words and with a code, is left as it is, and works again when it is mended.

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const farhand = resolve(import.meta.dirname, '../bin/farhand');
const sound = temporaryFolder();
let kept: unknown;

beforeAll(async () => {
  const home = await homeStand({ folder: sound });
  const peer = await home.terminal();
  await home.turn(peer, 'conv-kept');
  kept = await listed(peer);
  await home.close();
});
afterAll(() => rmSync(sound, { recursive: true }));

const listed = async (peer: Peer, conversation = 'conv-kept') =>
  (await peer.ask({ type: 'conversation_messages_list', conversation_id: conversation })).messages;

/** What happens to a home; `folder` holds a copy of a sound one. */
const harm: readonly (readonly [
  what: string,
  harm: (folder: string) => void,
  code: string,
  words: string,
])[] = [
  ['is a file', (folder) => replace(folder, 'no folder'), 'home_unwritable', 'FARHAND_HOME'],
  [
    'has no place for scratch files',
    (folder) => replace(join(folder, 'scratch'), 'x'),
    'home_unwritable',
    'scratch',
  ],
  [
    'has something else as its socket',
    (folder) => replace(join(folder, 'owner.sock'), 'x'),
    'home_unwritable',
    'remove it',
  ],
  [
    'has a folder as its lock',
    (folder) => replace(join(folder, 'owner.lock')),
    'store_unwritable',
    'owner.lock',
  ],
  [
    'has a folder as its database',
    (folder) => replace(join(folder, 'device.db')),
    'store_unwritable',
    'device.db',
  ],
  [
    'has a database of garbage',
    (folder) => replace(join(folder, 'device.db'), 'garbage '.repeat(2000)),
    'store_corrupt',
    'a backup',
  ],
  [
    'has half a database',
    (folder) => truncateSync(join(folder, 'device.db'), statSync(join(folder, 'device.db')).size / 2),
    'store_corrupt',
    'a backup',
  ],
  ['has an emptied database', emptied, 'store_corrupt', 'a backup'],
  ['has a database of a newer program', newer, 'store_newer', 'Update farhand'],
];

function replace(path: string, content?: string): void {
  rmSync(path, { recursive: true, force: true });
  if (content === undefined) mkdirSync(path);
  else writeFileSync(path, content);
}

function emptied(folder: string): void {
  replace(join(folder, 'device.db'), '');
  replace(join(folder, 'device.db-wal'), 'what was not yet in the database');
}

function newer(folder: string): void {
  const database = new DatabaseSync(join(folder, 'device.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
}

function copyOfSound(): string {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(sound, folder, { recursive: true });
  return folder;
}

const bytesOf = (path: string) => (existsSync(path) && statSync(path).isFile() ? readFileSync(path) : null);

describe.each(harm)('a home that %s', (_what, hurt, code, words) => {
  it('is refused, left as it is, and works when it is mended', async () => {
    const folder = copyOfSound();
    hurt(folder);
    const before = bytesOf(join(folder, 'device.db'));
    expect(await joined(folder)).toMatchObject({ code, message: expect.stringContaining(words) });
    // Without a socket the database was opened, and a lease taken.
    if (code.startsWith('store_')) expect(bytesOf(join(folder, 'device.db'))).toEqual(before);
    rmSync(folder, { recursive: true });
    cpSync(sound, folder, { recursive: true });
    const home = await homeStand({ folder });
    const peer = await home.terminal();
    expect(await listed(peer)).toEqual(kept);
    await home.turn(peer, 'conv-kept');
    await home.close();
  });

  it.each([
    ['-p', 'hi'],
    ['chat'],
    ['remote', '--url', 'http://127.0.0.1:9', '--json'],
    ['approvals', 'ls', '--json'],
  ])('is told by farhand %s', (...args) => {
    const folder = copyOfSound();
    hurt(folder);
    const told = run(folder, args);
    expect(told.status).toBe(1);
    expect(told.text).toContain(folder);
    expect(told.text).toContain(words);
    if (args.includes('--json')) expect(told.text).toContain(code);
    expect(told.text).not.toMatch(/^\s+at /m);
    expect(told.text.trim().split('\n')).toHaveLength(1);
  });
});

async function joined(folder: string) {
  const paths = homePaths({ FARHAND_HOME: folder });
  if ('code' in paths) return paths;
  const member = new Member(paths, { cwd: folder, trouble: () => undefined });
  const refused = await member.join();
  await member.leave();
  return refused;
}

function run(home: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [farhand, ...args], {
    env: { PATH: process.env.PATH, HOME: home, FARHAND_HOME: home, NO_COLOR: '1' },
    cwd: sound,
    input: '',
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, text: stdout + stderr };
}
