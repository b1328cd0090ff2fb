import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Member } from '../src/cli/home/member.ts';
import { StoreError } from '../src/store/store.ts';
import { testDevice } from '../src/testing/device.ts';
import { type Disk, diskUnder } from './support/full-disk.ts';
import {
  type HomeStand,
  homeStand,
  message,
  pathsOf,
  receipt,
  temporaryFolder,
} from './support/home-stand.ts';
import type { Peer } from './support/peer.ts';

// A disk without room, and a database that is damaged in the middle, under an owner that runs.

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const scripts = {
  print: [
    {
      calls: [
        {
          name: 'Bash',
          arguments: { command: 'until [ -e go ]; do sleep 0.02; done; echo ran >> runs.log; seq 10000' },
        },
      ],
    },
    { text: 'It is printed.' },
  ],
};
const large = (word: string) => `${word} `.repeat(20_000);
const listed = async (peer: Peer, conversation: string) => {
  const { messages } = await peer.ask({ type: 'conversation_messages_list', conversation_id: conversation });
  return messages as { message_type: string; content?: unknown; tool_return?: string }[];
};
const started = ({ delta }: Record<string, unknown>) =>
  (delta as { message_type?: string } | undefined)?.message_type === 'client_tool_start';

async function onDisk(): Promise<{ home: HomeStand; disk: Disk; folder: string }> {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const disk = diskUnder(pathsOf(folder).database);
  return { home: await homeStand({ folder, scripts }), disk, folder };
}

it('a full disk refuses an input with a code; sent again when there is room it is worked once', async () => {
  const { home, disk, folder } = await onDisk();
  const peer = await home.terminal();
  const bystander = await home.terminal();
  await home.turn(bystander, 'conv-calm');
  await home.turn(peer, 'conv-full');
  const runtime = home.scope('conv-full');
  const before = await listed(peer, 'conv-full');
  const { head } = await peer.ask({ type: 'sync', runtime });
  const heard = bystander.frames.length;

  disk.fill();
  const input = message(runtime, large('lost?'), 'cm-large');
  for (const at of [runtime, home.scope('conv-new')]) {
    expect(await peer.ask(message(at, large('lost?'), 'cm-large'))).toMatchObject({
      type: 'input_accepted',
      accepted: false,
      error_code: 'store_full',
      error: expect.stringMatching(/device\.db.*Nothing of this change was written.*Free some space/),
    });
  }
  expect(await peer.ask({ type: 'sync', runtime })).toMatchObject({ success: true, head });
  expect(await listed(peer, 'conv-full')).toEqual(before);
  expect(await peer.ask({ type: 'agent_create', body: { name: large('agent') } })).toMatchObject({
    error_code: 'store_full',
  });
  expect(bystander.frames.slice(heard)).toEqual([]);

  disk.free();
  expect(await peer.ask(input)).toMatchObject({ accepted: true, disposition: 'started' });
  await peer.until(receipt('cm-large', 'done'));
  const after = await listed(peer, 'conv-full');
  expect(after.filter(({ message_type }) => message_type === 'user_message')).toHaveLength(2);
  await home.turn(peer, 'conv-new');
  await home.close();

  const again = await homeStand({ folder });
  expect(await listed(await again.terminal(), 'conv-full')).toEqual(after);
  await again.close();
});

it('[TOOL-3] a full disk keeps the result of a command waiting; it is told when there is room, and nothing ran twice', async () => {
  const { home, disk } = await onDisk();
  const peer = await home.terminal();
  const runtime = home.scope('conv-tool');
  await peer.ask({ type: 'sync', runtime });
  peer.send({ type: 'change_device_state', runtime, payload: { mode: 'unrestricted' } });
  expect(await peer.ask(message(runtime, 'Print. #script=print', 'cm-print'))).toMatchObject({
    accepted: true,
  });
  await peer.until(started);

  disk.fill();
  writeFileSync(join(home.cwd, 'go'), '');
  await expect.poll(() => disk.failed, { timeout: 10_000 }).toBeGreaterThan(0);
  await expect.poll(() => existsSync(join(home.cwd, 'runs.log')), { timeout: 10_000 }).toBe(true);
  expect(await peer.ask({ type: 'agent_list' })).toMatchObject({ success: true });
  expect(peer.frames.filter(receipt('cm-print', 'done'))).toEqual([]);

  disk.free();
  await peer.until(receipt('cm-print', 'done'));
  expect(readFileSync(join(home.cwd, 'runs.log'), 'utf8')).toBe('ran\n');
  const results = (await listed(peer, 'conv-tool')).filter(({ tool_return }) => tool_return !== undefined);
  expect(results).toHaveLength(1);
  expect(results[0]?.tool_return).toMatch(/^1\n2\n[\s\S]*\n10000$/);
  await home.turn(peer, 'conv-other');
  await home.close();
});

it('a log that is damaged in the middle is told to whoever needs it, and is not in the way of the rest', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const first = await homeStand({ folder });
  await first.turn(await first.terminal(), 'conv-hurt');
  await first.close();
  damage(pathsOf(folder).database, "name = 'fact' AND path = '/'");

  const home = await homeStand({ folder });
  const peer = await home.terminal();
  const told = {
    error_code: 'store_corrupt',
    error: expect.stringMatching(/device\.db is damaged.*a backup/),
  };
  const list = { type: 'conversation_messages_list', conversation_id: 'conv-hurt' };
  expect(await peer.ask(list)).toMatchObject(told);
  expect(await peer.ask(message(home.scope('conv-hurt'), 'hi', 'cm-1'))).toMatchObject(told);
  expect(await peer.ask({ type: 'sync', runtime: home.scope('conv-hurt') })).toMatchObject(told);
  expect(await peer.ask({ type: 'conversation_list' })).toMatchObject({ success: true });
  expect(await peer.ask({ type: 'agent_list' })).toMatchObject({ success: true });
  expect(home.troubles).toEqual([]);
  await home.close();
});

it('a damaged table of inputs refuses what it would have to look up', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const first = await homeStand({ folder });
  await first.turn(await first.terminal(), 'conv-hurt');
  await first.close();
  damage(pathsOf(folder).database, "name = 'input'");

  const home = await homeStand({ folder });
  const peer = await home.terminal();
  const input = message(home.scope('conv-hurt'), 'hi', 'cm-1');
  expect(await peer.ask(input)).toMatchObject({ accepted: false, error_code: 'store_corrupt' });
  expect(await listed(peer, 'conv-hurt')).toHaveLength(2);
  expect(home.troubles).toEqual([]);
  await home.close();
});

it('a history that cannot be read ends the turn that needs it, with the code', async () => {
  const test = testDevice();
  onTestFinished(() => test.close());
  const { history } = test.store;
  const unreadable = () => {
    throw new StoreError({ code: 'store_corrupt', message: 'A page of the history is damaged.' });
  };
  Object.assign(test.store, { history: unreadable });
  expect(await test.say('hello', 'cm-1')).toMatchObject({ accepted: true });
  expect(await test.until(({ type }) => type === 'turn_finished')).toMatchObject({
    error_code: 'store_corrupt',
    error: 'A page of the history is damaged.',
  });
  Object.assign(test.store, { history });
  const from = test.frames.length;
  expect(await test.say('hello again', 'cm-2')).toMatchObject({ accepted: true });
  const next = await test.until(({ type }) => type === 'turn_finished', from);
  expect(next).toMatchObject({ stop_reason: 'end_turn' });
  expect(test.troubles).toEqual([]);
});

it('a damaged log of a turn that waits keeps the home closed until it is mended, and then the turn still waits', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const first = await homeStand({ folder, scripts });
  const peer = await first.terminal();
  await peer.ask(message(first.scope('conv-asks'), 'Print. #script=print', 'cm-1'));
  await peer.until(({ type }) => type === 'control_request');
  await first.close();
  const { database } = pathsOf(folder);
  copyFileSync(database, `${database}.backup`);
  damage(database, "name = 'fact' AND path = '/'");

  const member = new Member(pathsOf(folder), { cwd: folder, trouble: () => undefined });
  for (let attempt = 0; attempt < 2; attempt++)
    expect(await member.join()).toMatchObject({ code: 'store_corrupt' });
  copyFileSync(`${database}.backup`, database);
  expect(await member.join()).toBeNull();
  await member.leave();
  const home = await homeStand({ folder, scripts });
  expect(await (await home.terminal()).ask({ type: 'approvals_list' })).toMatchObject({
    approvals: [{ request: { tool_name: 'Bash' } }],
  });
  await home.close();
});

/** Overwrites pages of a closed database; `which` is a condition on its `dbstat` table (https://sqlite.org/dbstat.html). */
function damage(path: string, which: string): void {
  const database = new DatabaseSync(path);
  const pages = database.prepare(`SELECT pgoffset, pgsize FROM dbstat WHERE ${which}`).all();
  database.close();
  expect(pages).not.toEqual([]);
  const file = openSync(path, 'r+');
  for (const { pgoffset, pgsize } of pages)
    writeSync(file, Buffer.alloc(Number(pgsize), 0xa5), 0, Number(pgsize), Number(pgoffset));
  closeSync(file);
}
