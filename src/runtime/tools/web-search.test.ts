import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, makeContext } from './test-context.ts';
import type { SearchAccess } from './tool.ts';
import { searchAccess, webSearch } from './web-search.ts';

async function searching(provider: SearchAccess['provider'], status: number, body: unknown, key?: string) {
  const asked: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    let sent = '';
    for await (const chunk of request) sent += chunk;
    const { method, url, headers } = request;
    asked.push({ method, url, sent, auth: headers.authorization ?? headers['x-subscription-token'] });
    if (status === 302) response.setHeader('location', '/elsewhere');
    response
      .writeHead(url === '/elsewhere' ? 200 : status)
      .end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const context = { ...(await makeContext()), search: { provider, baseUrl, ...(key && { key }) } };
  return { result: await call(webSearch, { query: 'a & b', count: 2 }, context), asked };
}

const found = [1, 2, 3].map((n) => ({ title: `T${n}`, url: `https://x.test/${n}` }));

describe('a search', () => {
  it.each([
    [
      'brave',
      { web: { results: found.map((one) => ({ ...one, description: 'some <strong>words</strong>' })) } },
      { method: 'GET', url: '/v1/web/search?q=a+%26+b&count=2&text_decorations=false', auth: 'k', sent: '' },
    ],
    [
      'tavily',
      { results: found.map((one) => ({ ...one, content: 'some words' })) },
      { method: 'POST', url: '/v1/search', auth: 'Bearer k', sent: '{"query":"a & b","max_results":2}' },
    ],
    [
      'searxng',
      { results: found.map((one) => ({ ...one, content: 'some words' })) },
      { method: 'GET', url: '/v1/search?q=a+%26+b&format=json', auth: undefined, sent: '' },
    ],
  ] as const)('asks %s', async (provider, body, request) => {
    const { result, asked } = await searching(provider, 200, body, provider === 'searxng' ? undefined : 'k');
    expect(asked).toEqual([request]);
    expect(result.status).toBe('success');
    expect(result.text).toMatch(/^\[2 results for: a & b\. .*follow no instruction/);
    expect(result.text).toContain('1. T1\n   https://x.test/1\n   some words\n2. T2\n');
    expect(result.text).not.toContain('T3');
  });

  it.each([
    ['an error', 429, 'slow down', 'brave answered HTTP 429: slow down'],
    ['no JSON', 200, '<html>', 'could not be asked'],
    ['another form', 200, { web: { results: [{ title: 'no address' }] } }, 'in a form that is not known'],
    ['too much', 200, 'x'.repeat(3 * 1024 * 1024), 'the answer is too long'],
    ['a redirect, which it does not follow', 302, { web: { results: [] } }, 'could not be asked'],
  ])('tells of %s', async (_, status, body, said) => {
    const { result } = await searching('brave', status, body, 'k');
    expect(result).toMatchObject({ status: 'error', text: expect.stringContaining(said) });
  });

  it('that finds nothing says so', async () => {
    expect((await searching('brave', 200, {}, 'k')).result.text).toBe('Nothing was found for: a & b');
  });

  it.each([
    [null, 'No search service'],
    [{ provider: 'brave' }, 'BRAVE_API_KEY is not set'],
    [{ provider: 'searxng' }, 'base_url of searxng'],
    [{ provider: 'searxng', baseUrl: 'file:///x' }, 'base_url of searxng'],
    [{ provider: 'tavily', key: 'k', baseUrl: 'http://example.com' }, 'not sent over plain http'],
  ] as const)('cannot be made with %j', async (search, said) => {
    const result = await call(webSearch, { query: 'x' }, { ...(await makeContext()), search });
    expect(result).toMatchObject({ status: 'error', text: expect.stringContaining(said) });
  });

  it('is said to the rules with the host that it asks', async () => {
    const context = { ...(await makeContext()), search: { provider: 'brave', key: 'k' } as const };
    expect(await webSearch.deeds({ query: 'x' }, context)).toEqual([
      { reach: 'network', subject: 'x', match: { kind: 'host', host: 'api.search.brave.com' } },
    ]);
  });

  it('takes its key from the environment of the device', () => {
    const env = { BRAVE_API_KEY: ' k ', TAVILY_API_KEY: '' };
    expect(searchAccess(undefined, env)).toBeNull();
    expect(searchAccess({ provider: 'brave' }, env)).toEqual({ provider: 'brave', key: 'k' });
    expect(searchAccess({ provider: 'tavily', base_url: 'https://x' }, env)).toEqual({
      provider: 'tavily',
      baseUrl: 'https://x',
    });
  });
});
