import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ClientState } from '../../client/index.ts';
import { type DeviceStand, deviceStand } from '../../testing/device-stand.ts';
import type { Member } from '../home/member.ts';
import { modeOf } from './args.ts';
import { configure } from './configure.ts';
import { deviceNews } from './device-news.ts';
import { findFolder } from './folder.ts';
import { ownerNews } from './owner-news.ts';
import { chooseAgent, findPlace } from './place.ts';
import { settle } from './settle.ts';

const stands: DeviceStand[] = [];
afterEach(async () => {
  for (const stand of stands.splice(0)) await stand.close();
});

function begin() {
  const stand = deviceStand();
  stands.push(stand);
  return { stand, client: stand.connect() };
}

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-talk-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('the conversation that the flags name', () => {
  it('is the main one of the default agent, which is new once', async () => {
    const { stand, client } = begin();
    const place = await findPlace(client, {});
    expect(place).toMatchObject({
      scope: stand.test.scope(),
      agent: { name: 'Farhand', model: 'demo' },
      fresh: true,
    });
    await settle(client, {}, {}, stand.test.cwd);
    expect(await findPlace(client, {})).toMatchObject({ fresh: false });
  });

  it('is another one of another agent on request', async () => {
    const { client } = begin();
    await client.call('agent_create', { body: { name: 'reviewer' } });
    const made = await findPlace(client, { agent: 'reviewer', new: true });
    expect(made).toMatchObject({
      agent: { name: 'reviewer' },
      fresh: true,
      scope: { conversation_id: expect.stringMatching(/^conv-/) },
    });
    if ('code' in made) throw new Error(made.message);
    const { conversation_id: conversation } = made.scope;
    expect(await findPlace(client, { conversation })).toMatchObject({ scope: made.scope });
    expect(await findPlace(client, { agent: 'Farhand', conversation })).toMatchObject({
      code: 'conversation_of_other_agent',
    });
  });

  it('is told missing rather than made', async () => {
    const { client } = begin();
    expect(await findPlace(client, { conversation: 'conv-none' })).toMatchObject({
      code: 'conversation_not_found',
      message: expect.stringContaining('--new'),
    });
    expect(await findPlace(client, { agent: 'nobody' })).toMatchObject({ code: 'agent_not_found' });
  });

  it('has an agent by id, by a beginning of it, or by name', () => {
    const agents = [
      { id: 'agent-1a2b', name: 'Farhand', model: '' },
      { id: 'agent-1c', name: 'reviewer', model: '' },
    ];
    expect(chooseAgent(agents, 'agent-1c')).toBe(agents[1]);
    expect(chooseAgent(agents, '1a')).toBe(agents[0]);
    expect(chooseAgent(agents, 'reviewer')).toBe(agents[1]);
    expect(chooseAgent(agents, 'agent-1')).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('agent-1a2b or agent-1c'),
    });
    expect(chooseAgent(agents, 'reviwer')).toMatchObject({
      code: 'agent_not_found',
      message: expect.stringContaining('"reviewer"'),
    });
  });
});

describe('mode and folder', () => {
  it('are changed before anything is sent, and what was before is known', async () => {
    const { stand, client } = begin();
    const scope = stand.test.scope();
    const folder = temporaryFolder();
    await configure(client, scope, { cwd: stand.test.cwd });
    expect(await configure(client, scope, { mode: 'strict', cwd: folder })).toEqual({
      mode: 'standard',
      cwd: stand.test.cwd,
    });
    expect(await configure(client, scope, { mode: 'strict' })).toEqual({ mode: 'strict', cwd: folder });
  });

  it('are refused with the reason', async () => {
    const { stand, client } = begin();
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(await configure(client, stand.test.scope(), { cwd: file })).toMatchObject({
      code: 'path_not_directory',
    });
    expect(
      await configure(client, { agent_id: 'agent-none', conversation_id: 'default' }, { mode: 'strict' }),
    ).toMatchObject({ code: 'agent_not_found' });
  });

  it('a mode goes by all its names', () => {
    expect(modeOf(undefined)).toBeUndefined();
    expect(modeOf('bypassPermissions')).toBe('unrestricted');
    expect(modeOf('toString')).toMatchObject({ code: 'usage' });
  });

  it('a folder is found from where one is, through links, and must be one', () => {
    const folder = temporaryFolder();
    symlinkSync(folder, join(folder, 'link'));
    writeFileSync(join(folder, 'file'), '');
    expect(findFolder(folder, 'link')).toEqual({ path: folder });
    expect(findFolder('/', folder)).toEqual({ path: folder });
    expect(findFolder(folder, 'file')).toMatchObject({ message: expect.stringContaining('is not a folder') });
    expect(findFolder(folder, 'none')).toMatchObject({
      message: `There is no folder ${join(folder, 'none')}.`,
    });
  });
});

function aState(
  broker: Partial<ClientState['broker']>,
  device: Partial<ClientState['device']> = {},
): ClientState {
  return {
    broker: { online: true, since: 0, lastSeen: null, peer: null, why: null, retry: null, ...broker },
    device: { online: null, since: null, lastSeen: null, name: null, agentId: null, ...device },
    model: { waiting_for: null, lastSeen: null },
  };
}

describe('news of the owner', () => {
  const up = aState({ online: true });
  const down = aState({ online: false, why: 'closed with 1006' });
  const failing = aState({
    online: false,
    why: 'nobody listens',
    retry: { attempt: 1, delayMs: 1000, failure: { kind: 'refused', message: 'nobody listens' } },
  });
  const member = (owns: boolean) => ({ owner: owns ? {} : null }) as Pick<Member, 'owner'>;

  function told(states: readonly ClientState[], owns = false): string[] {
    const said: string[] = [];
    const hear = ownerNews((text) => said.push(text));
    for (const state of states) hear(state, member(owns));
    return said;
  }

  it('are none while all is well', () => {
    expect(told([down, up, up])).toEqual([]);
  });

  it('say who has taken over', () => {
    expect(told([up, down, up])).toEqual([
      'The owner of this home went; another farhand process has taken over.',
    ]);
    expect(told([up, down, up, up], true)).toEqual([
      'The owner of this home went; this process has taken over.',
    ]);
  });

  it('say once that nobody runs the home', () => {
    expect(told([up, down, failing, failing, up], true)).toEqual([
      'Nobody runs this home: nobody listens. Trying again…',
      'The owner of this home went; this process has taken over.',
    ]);
  });
});

describe('news of another machine', () => {
  const noon = new Date(2026, 0, 5, 12, 3).getTime();
  const desk = (online: boolean | null) => aState({}, { online, name: 'desk\u001b[31m', lastSeen: noon });
  const failing = aState({
    online: false,
    why: 'nobody listens there',
    retry: { attempt: 1, delayMs: 1000, failure: { kind: 'refused', message: 'nobody listens there' } },
  });

  function told(states: readonly ClientState[], now = noon): string[] {
    const said: string[] = [];
    const hear = deviceNews(
      (text) => said.push(text),
      'https://b.example',
      () => now,
    );
    for (const state of states) hear(state);
    return said;
  }

  it('are none while it is there, or while nobody says', () => {
    expect(told([aState({ online: false }), desk(null), desk(true), desk(null), desk(true)])).toEqual([]);
  });

  it('[SEC-6] say once that it is away, and when it was seen, and that it is back', () => {
    expect(told([desk(true), desk(false), desk(false), desk(null), desk(false), desk(true)])).toEqual([
      'desk\\x1b[31m is away, last seen at 12:03.',
      'desk\\x1b[31m is back.',
    ]);
    expect(told([desk(false)], noon + 86_400_000)).toEqual([
      'desk\\x1b[31m is away, last seen at 2026-01-05 12:03.',
    ]);
  });

  it('[LINK-2] say once that there is no way to it, and when there is again', () => {
    expect(told([desk(true), aState({ online: false }), failing, failing, desk(true)])).toEqual([
      'There is no connection: nobody listens there. Trying again…',
      'Connected to https://b.example again.',
    ]);
  });
});
