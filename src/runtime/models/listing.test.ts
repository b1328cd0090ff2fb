import { describe, expect, it } from 'vitest';
import { endpointOf, isNoModel } from './handles.ts';
import { checkKey, listModels } from './listing.ts';
import { findProvider } from './providers.ts';
import { testProvider } from './test-provider.ts';

const key = 'sk-test-secret';

function at(prefix: string, baseUrl: string) {
  const provider = findProvider(prefix);
  if (!provider || typeof provider === 'string') throw new Error(`There is no ${prefix}.`);
  const endpoint = endpointOf(provider, {}, { baseUrl, key, place: 'the keyring' });
  if (isNoModel(endpoint)) throw new Error(endpoint.message);
  return [provider, endpoint] as const;
}

const silent = () => undefined;

describe('a list of models', () => {
  it.each([
    [
      'openai-compatible',
      '/v1',
      '/v1/models',
      { data: [{ id: 'a', context_length: 4096 }, { id: 'text-embedding-3' }, { id: '' }, {}] },
      { authorization: `Bearer ${key}` },
      [
        { id: 'a', window: 4096, chats: true },
        { id: 'text-embedding-3', chats: false },
      ],
    ],
    [
      'openrouter',
      '/api/v1',
      '/api/v1/models',
      {
        data: [
          {
            id: 'x/y',
            context_length: 8,
            top_provider: { max_completion_tokens: 2 },
            architecture: { input_modalities: ['text', 'image'] },
          },
        ],
      },
      { authorization: `Bearer ${key}` },
      [{ id: 'x/y', window: 8, maxOutput: 2, images: true, chats: true }],
    ],
    [
      'together',
      '/v1',
      '/v1/models',
      [
        { id: 'a/b', type: 'chat' },
        { id: 'a/c', type: 'image' },
      ],
      { authorization: `Bearer ${key}` },
      [
        { id: 'a/b', chats: true },
        { id: 'a/c', chats: false },
      ],
    ],
    [
      'anthropic',
      '',
      '/v1/models',
      { data: [{ id: 'claude-x', type: 'model' }], has_more: false },
      { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
      [{ id: 'claude-x', chats: true }],
    ],
    [
      'google',
      '',
      '/v1beta/models',
      {
        models: [
          {
            name: 'models/gemini-x',
            inputTokenLimit: 5,
            outputTokenLimit: 3,
            supportedGenerationMethods: ['generateContent'],
          },
          { name: 'models/aqa', supportedGenerationMethods: ['generateAnswer'] },
        ],
      },
      { 'x-goog-api-key': key },
      [
        { id: 'gemini-x', window: 5, maxOutput: 3, chats: true },
        { id: 'aqa', chats: false },
      ],
    ],
    [
      'ollama',
      '/v1',
      '/api/tags',
      {
        models: [
          { name: 'qwen3:8b', model: 'qwen3:8b', details: { family: 'qwen3' } },
          { name: 'minilm', model: 'minilm', details: { family: 'bert' } },
        ],
      },
      { authorization: `Bearer ${key}` },
      [
        { id: 'qwen3:8b', chats: true },
        { id: 'minilm', chats: false },
      ],
    ],
  ])('of %s is read in its own shape', async (prefix, base, path, body, headers, listed) => {
    const server = await testProvider({ [path]: body }, key);
    expect(await listModels(...at(prefix, server.origin + base))).toEqual(listed);
    expect(server.requests).toMatchObject([{ headers }]);
  });

  it.each([
    [
      'a key that is wrong',
      '/v1',
      { '/v1/models': { data: [] } },
      'another',
      'model_refused',
      /Incorrect API key/,
    ],
    ['no such path', '/v2', {}, key, 'model_reply_invalid', /does not say which models/],
    ['a web page', '/v1', { '/v1/models': 'hello' }, key, 'model_reply_invalid', /not JSON/],
    ['another object', '/v1', { '/v1/models': { a: 1 } }, key, 'model_reply_invalid', /no list/],
    ['silence', '/v1', { '/v1/models': silent }, key, 'model_unavailable', /did not answer within 0\.2 s/],
  ])(
    'that meets %s says so, and keeps the key to itself',
    async (_what, base, routes, right, code, message) => {
      const server = await testProvider(routes, right);
      const failed = await listModels(...at('openai-compatible', server.origin + base), 200);
      expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(JSON.stringify(failed)).not.toContain(key);
    },
  );

  it('where nobody listens says so', async () => {
    const { origin, close } = await testProvider({});
    close();
    const failed = await listModels(...at('lmstudio', origin));
    expect(failed).toMatchObject({ message: expect.stringContaining('nothing listens there') });
  });

  it('takes no key along to another address', async () => {
    const elsewhere = await testProvider({ '/v1/models': { data: [] } });
    const moved = (res: import('node:http').ServerResponse) =>
      void res.writeHead(307, { location: `${elsewhere.origin}/v1/models` }).end();
    const { origin } = await testProvider({ '/v1/models': moved });
    expect(await listModels(...at('openai-compatible', origin))).toMatchObject({ kind: 'failed' });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('a key', () => {
  it('is asked about where everybody may see the list', async () => {
    const routes = { '/api/v1/models': { data: [] }, '/api/v1/key': { data: { label: 'k' } } };
    const right = await testProvider(routes, key);
    expect(await checkKey(...at('openrouter', `${right.origin}/api/v1`))).toBeNull();
    const wrong = await testProvider(routes, 'another');
    const refused = await checkKey(...at('openrouter', `${wrong.origin}/api/v1`));
    expect(refused).toMatchObject({ code: 'model_refused' });
    expect(JSON.stringify(refused)).not.toContain(key);
  });
});
