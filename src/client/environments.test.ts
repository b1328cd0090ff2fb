import { describe, expect, it } from 'vitest';
import { chooseEnvironment, type Environment, listEnvironments } from './environments.ts';
import type { Answer } from './http.ts';

const environment = (name: string, more: Partial<Environment> = {}): Environment => ({
  id: `env-${name}`,
  deviceId: `device-${name}`,
  connectionId: `conn-${name}`,
  connectionName: name,
  online: true,
  connectedAt: 0,
  lastSeen: 1_000,
  defaultAgentId: null,
  told: {},
  ...more,
});
const away = { online: false, connectionId: null };

describe('the environment that is meant', () => {
  const desk = environment('desk');
  const laptop = environment('laptop', { lastSeen: 2_000 });
  const all = [desk, laptop];

  it.each([
    ['its connection id', 'conn-desk'],
    ['its id', 'env-desk'],
    ['its device id', 'device-desk'],
    ['its exact name', 'desk'],
  ])('is found by %s', (_what, selector) => {
    expect(chooseEnvironment(all, selector)).toBe(desk);
  });

  it('is without a selector the only one online, else the only one', () => {
    const gone = environment('gone', { ...away, lastSeen: 9_000 });
    expect(chooseEnvironment([gone], undefined)).toBe(gone);
    expect(chooseEnvironment([gone, desk], undefined)).toBe(desk);
    const second = environment('second', { deviceId: 'device-desk', lastSeen: 3_000 });
    expect(chooseEnvironment([desk, second, gone], undefined)).toBe(second);
  });

  it.each([
    ['online', all, 'Several environments are online: desk, laptop.'],
    [
      'online, two of them of one name',
      [...all, environment('twin', { connectionName: 'desk' }), environment('gone', away)],
      'Several environments are online: desk (device-desk), laptop, desk (device-twin).',
    ],
    [
      'known',
      [environment('gone', away), environment('other', { ...away, lastSeen: 9_000 })],
      'Several environments are known there, and none is online: gone, other.',
    ],
  ])('has to be chosen where several are %s', (_what, several, why) => {
    expect(chooseEnvironment(several, undefined)).toEqual({
      code: 'environment_ambiguous',
      message: `${why} Choose one by its name or id with -e (in a program: environment).`,
    });
  });

  it('of a name that several have is the one that is there', () => {
    const twin = environment('twin', { connectionName: 'desk', ...away });
    expect(chooseEnvironment([twin, desk], 'desk')).toBe(desk);
    const awake = { ...twin, online: true };
    expect(chooseEnvironment([awake, desk], 'desk')).toMatchObject({
      code: 'environment_ambiguous',
      message:
        '"desk" may be any of several environments: desk (device-twin), desk (device-desk). Choose one by its id.',
    });
  });

  it('of a device with several installations is the one seen last', () => {
    const second = environment('second', { deviceId: 'device-desk', lastSeen: 3_000 });
    expect(chooseEnvironment([desk, second], 'device-desk')).toBe(second);
  });

  it('is not one that calls itself by the id of another', () => {
    const sleeping = environment('desk', away);
    const liar = environment('liar', { connectionName: 'device-desk' });
    expect(chooseEnvironment([liar, sleeping], 'device-desk')).toBe(sleeping);
  });

  it('that is not there is told with those that are', () => {
    expect(chooseEnvironment(all, 'nobody')).toMatchObject({
      code: 'environment_not_found',
      message: 'There is no environment "nobody". Those there are: desk, laptop.',
    });
    expect(chooseEnvironment([], undefined)).toMatchObject({
      message: expect.stringContaining('No environment has registered there yet'),
    });
  });
});

describe('the list of environments', () => {
  it('is read page by page, and one that was silent for two minutes is away, by the clock of the broker', async () => {
    const asked: string[] = [];
    const now = 10_000_000;
    const told = (id: string, lastHeartbeat: number) => ({
      id,
      deviceId: `device-${id}`,
      connectionId: `conn-${id}`,
      connectionName: id,
      lastHeartbeat,
    });
    const pages: Answer[] = [
      { body: { connections: [told('a', now - 119_000), { deviceId: 7 }], hasNextPage: true }, date: now },
      { body: { connections: [told('b', now - 121_000), 'nonsense'], hasNextPage: false }, date: now },
    ];
    const found = await listEnvironments(
      async (_method, path) => {
        asked.push(path);
        return pages[asked.length - 1] ?? { kind: 'error', message: 'no more pages' };
      },
      () => 0,
    );
    expect(asked).toEqual(['/v1/environments?limit=100', '/v1/environments?limit=100&after=a']);
    expect(found).toMatchObject([
      { id: 'a', online: true },
      { id: 'b', online: false },
    ]);
  });
});
