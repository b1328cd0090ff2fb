import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { commandTypes } from '../../protocol/routing.ts';
import { register } from './register.ts';
import { type Answer, identity, stubEndpoint } from './test-peers.ts';

const registrant = { identity, version: '9.9.9', defaultAgentId: 'agent-1' };
const at = (base: string, token: string | null = 'tok') => ({
  base,
  token,
  name: 'desk',
  direct: false,
  insecure: false,
});
const never = new AbortController().signal;

async function answered(answer: Answer) {
  const { base } = await stubEndpoint(answer);
  return register(at(base), registrant, { clock: virtualClock(0), signal: never });
}

describe('[REG-1] register', () => {
  it('says what a stock runtime says, with our own version', async () => {
    const endpoint = await stubEndpoint();
    await register(at(endpoint.base), registrant, { clock: virtualClock(), signal: never });
    const { url, headers, body } = await endpoint.asked();
    expect(url).toBe('/v1/environments/register');
    expect(headers).toMatchObject({
      authorization: 'Bearer tok',
      'content-type': 'application/json',
      'x-letta-source': 'farhand',
    });
    expect(body).toEqual({
      deviceId: 'device-1',
      listenerInstanceId: 'server-1',
      connectionName: 'desk',
      metadata: {
        lettaCodeVersion: '9.9.9',
        os: process.platform,
        nodeVersion: process.version,
        environmentMessageProtocol: 'v2-input',
        supportsPairedListenerGenerations: true,
        supported_commands: commandTypes,
        defaultAgentId: 'agent-1',
        farhand: { v: 1, features: ['feed', 'inbox'] },
      },
    });
  });

  it('sends no empty credentials', async () => {
    const endpoint = await stubEndpoint();
    await register(at(endpoint.base, null), registrant, { clock: virtualClock(), signal: never });
    expect((await endpoint.asked()).headers.authorization).toBeUndefined();
  });

  const split = { supportsSplitStatusChannels: true };
  const paired = { supportsPairedListenerGenerations: true };
  it.each([
    ['one socket', { more: 1 }, { farhand: false, sockets: 'one' }],
    ['two sockets', split, { farhand: false, sockets: 'two' }],
    ['two acknowledged sockets', { ...split, ...paired }, { farhand: false, sockets: 'pair' }],
    ['one socket, which is no pair', paired, { farhand: false, sockets: 'one' }],
    ['our own link', { farhand: { v: 1, features: ['x'] } }, { farhand: true, sockets: 'one' }],
    ['a link of another version', { farhand: { v: 2 } }, { farhand: false, sockets: 'one' }],
    ['something else', { farhand: 1 }, { farhand: false, sockets: 'one' }],
  ])('takes a lease for %s', async (_what, more, granted) => {
    const lease = { connectionId: 'c', wsUrl: 'ws://h/ws?x=1' };
    const body = JSON.stringify({ ...lease, ...more });
    expect(await answered({ status: 201, body })).toEqual({ kind: 'registered', ...lease, ...granted });
  });

  it('names no agent where the device has none', async () => {
    const endpoint = await stubEndpoint();
    const nobody = { ...registrant, defaultAgentId: null };
    await register(at(endpoint.base), nobody, { clock: virtualClock(), signal: never });
    const { metadata } = (await endpoint.asked()).body as { metadata: object };
    expect(metadata).not.toHaveProperty('defaultAgentId');
  });

  it.each([
    'no json',
    '[]',
    '{}',
    '{"connectionId":"c"}',
    '{"connectionId":"","wsUrl":"ws://h"}',
    '{"connectionId":"c","wsUrl":"not a url"}',
    '{"connectionId":"c","wsUrl":"https://h"}',
    '{"connectionId":1,"wsUrl":"ws://h"}',
  ])('refuses the shape %s', async (body) => {
    expect(await answered({ status: 200, body })).toMatchObject({ kind: 'refused', status: 200 });
  });

  it.each([
    [401, '{"message":"who are you"}', 'HTTP 401: who are you'],
    [403, '{"error":"no","errorCode":"banned"}', 'HTTP 403: no (banned)'],
    [400, `{"error":"no"}`, 'HTTP 400: no'],
    [404, `plain\r\n\u001b[31mtext ${'x'.repeat(300)}`, `HTTP 404: plain [31mtext ${'x'.repeat(185)}`],
    [403, JSON.stringify({ message: 'x'.repeat(1_100) }), `HTTP 403: ${'x'.repeat(1_000)}`],
    [302, '', 'HTTP 302'],
  ])('is refused by %i', async (status, body, message) => {
    const headers = { location: 'http://127.0.0.1:1/' };
    expect(await answered({ status, body, headers })).toEqual({ kind: 'refused', status, message });
  });

  it('reads a 426 as a WebSocket without registrations', async () => {
    expect(await answered({ status: 426, body: 'Upgrade Required' })).toEqual({ kind: 'direct' });
  });

  it.each([
    [503, undefined, 0],
    [500, 'soon', 0],
    [429, '7', 7_000],
    [429, new Date(90_000).toUTCString(), 90_000],
    [429, new Date(-90_000).toUTCString(), 0],
    [503, '99999999', 3_600_000],
  ])('tries again after %i with Retry-After %s', async (status, retryAfter, afterMs) => {
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    expect(await answered({ status, headers, body: '{"message":"busy"}' })).toEqual({
      kind: 'retry',
      afterMs,
      message: `HTTP ${status}: busy`,
    });
  });

  it('tries again where nobody answers, and says why', async () => {
    const { base, server } = await stubEndpoint();
    server.close();
    await once(server, 'close');
    const answer = await register(at(base), registrant, { clock: virtualClock(), signal: never });
    expect(answer).toMatchObject({
      kind: 'retry',
      afterMs: 0,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('gives up on an endpoint that keeps silent', async () => {
    const silent = createServer((socket) => void onTestFinished(() => void socket.destroy()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const clock = virtualClock();
    const connected = once(silent, 'connection');
    const base = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const asking = register(at(base), registrant, { clock, signal: never });
    await connected;
    await clock.advance(30_000);
    expect(await asking).toMatchObject({
      kind: 'retry',
      message: `${base} cannot be reached: no answer for 30 s`,
    });
  });
});
