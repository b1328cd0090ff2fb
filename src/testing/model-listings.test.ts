import { afterEach, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from './model-server.ts';

let server: ModelServer;
afterEach(() => server.close());

const version = { 'anthropic-version': '2023-06-01' };
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.origin}${path}`, { headers });
const json = async (path: string, headers?: Record<string, string>) => (await get(path, headers)).json();

it('lists the models as each API does', async () => {
  server = await startModelServer({ models: ['a', 'b'] });
  expect(await json('/v1/models')).toMatchObject({
    object: 'list',
    data: [{ id: 'a', object: 'model' }, { id: 'b' }],
  });
  expect(await json('/v1/models', version)).toMatchObject({
    data: [{ type: 'model', id: 'a', created_at: expect.stringMatching(/Z$/) }, { id: 'b' }],
    has_more: false,
    first_id: 'a',
    last_id: 'b',
  });
  const google = await json('/v1beta/models');
  expect(google).toMatchObject({
    models: [{ name: 'models/a', inputTokenLimit: 1_048_576 }, { name: 'models/b' }],
  });
  expect(google).not.toHaveProperty('nextPageToken');
  expect(await json('/api/tags')).toMatchObject({
    models: [{ name: 'a', model: 'a', size: expect.any(Number) }, { name: 'b' }],
  });
});

it('gives long lists of Anthropic and Google in pages', async () => {
  const models = Array.from({ length: 60 }, (_, i) => `m${i}`);
  server = await startModelServer({ models });
  const first = await json('/v1/models', version);
  expect(first).toMatchObject({ has_more: true, last_id: 'm19' });
  expect(await json('/v1/models?limit=100&after_id=m19', version)).toMatchObject({
    has_more: false,
    first_id: 'm20',
    last_id: 'm59',
  });
  expect(await json('/v1beta/models')).toMatchObject({ nextPageToken: 'm49' });
  expect(await json('/v1beta/models?pageToken=m49')).toMatchObject({ models: { length: 10 } });
  expect(await json('/v1/models')).toMatchObject({ data: { length: 60 } });
});

it('asks for a key where keys are asked for, each API in its way, and names what it does not know', async () => {
  server = await startModelServer({ keys: ['right'] });
  const rows: [string, Record<string, string>, number][] = [
    ['/v1/models', {}, 401],
    ['/v1/models', { authorization: 'Bearer right' }, 200],
    ['/v1/models', { ...version }, 401],
    ['/v1/models', { ...version, 'x-api-key': 'wrong' }, 401],
    ['/v1/models', { ...version, 'x-api-key': 'right' }, 200],
    ['/v1/models', { ...version, authorization: 'Bearer right' }, 200],
    ['/v1beta/models', {}, 403],
    ['/v1beta/models', { 'x-goog-api-key': 'wrong' }, 400],
    ['/v1beta/models', { 'x-goog-api-key': 'right' }, 200],
    ['/v1beta/models?key=right', {}, 200],
    ['/v1/nothing', {}, 404],
  ];
  for (const [path, headers, status] of rows) {
    expect([path, headers, (await get(path, headers)).status]).toEqual([path, headers, status]);
  }
  expect(await json('/v1/nothing', version)).toMatchObject({
    type: 'error',
    error: { type: 'not_found_error' },
  });
  expect(await json('/v1beta/nothing')).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
});
