import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { record } from '../recorder.ts';
import { virtualClock } from '../virtual-clock.ts';
import { expectPipe, serve, serveSilent, serveTcp, turns } from './test-peers.ts';
import { refuseUpgrade } from './upgrade.ts';
import { dial } from './websocket.ts';

const MiB = 1024 * 1024;

describe('dial', () => {
  it('sends the headers and offers no deflate', async () => {
    const { server, url, next } = await serve();
    const upgrade = once(server, 'upgrade');
    expectPipe(await dial(`${url}/path?token=t`, { headers: { authorization: 'Bearer abc' } }));
    await next();
    const [request] = await upgrade;
    expect([request.url, request.headers.authorization]).toEqual(['/path?token=t', 'Bearer abc']);
    expect(request.headers['sec-websocket-extensions']).toBeUndefined();
  });

  it.each([
    [426, undefined, '426 Upgrade Required'],
    [401, 'token expired', '401 token expired'],
    [403, 'two\r\nlines: é', '403 two  lines:  '],
  ])('keeps the status %i of a refused upgrade', async (status, phrase, said) => {
    const { server, url } = await serve();
    server
      .removeAllListeners('upgrade')
      .on('upgrade', (_request, socket) => refuseUpgrade(socket, status, phrase));
    expect(await dial(`${url}/ws?token=s3cret`)).toEqual({
      kind: 'status',
      status,
      message: `${url}/ws answered ${said}`.trim(),
    });
  });

  it('repeats the start of what a server says about a refusal, and follows no redirect', async () => {
    const { server, url } = await serve({}, (_request, response) => {
      response.writeHead(302, { location: 'ws://127.0.0.1:1/' }).end(`use\nthe other ${'x'.repeat(MiB)}`);
    });
    server.removeAllListeners('upgrade');
    const failure = await dial(url);
    expect(failure).toMatchObject({ kind: 'status', status: 302 });
    expect((failure as { message: string }).message).toMatch(/answered 302 Found: use the other x{100,200}$/);
  });

  it('says that nobody listens', async () => {
    const { server, url } = await serve();
    server.close();
    await once(server, 'close');
    expect(await dial(`${url}/?token=s3cret`)).toEqual({
      kind: 'refused',
      message: `nobody listens at ${url}/; start it there or check the address`,
    });
  });

  it.each([
    ['no url?token=s3cret', {}, /not a URL; write it like ws:/],
    ['ftp://u:s3cret@host/?token=s3cret', {}, /cannot connect to ftp:\/\/host\/: .*protocol/],
    ['ws://127.0.0.1:9', { authorization: 's3cret\n' }, /cannot connect to .*Invalid character/],
    ['ws://name.invalid', {}, /cannot connect to ws:\/\/name.invalid\/: /],
  ])('answers %j with an error that tells no secret', async (url, headers, message) => {
    const failure = await dial(url, { headers });
    expect(failure).toMatchObject({ kind: 'error', message: expect.stringMatching(message) });
    expect(JSON.stringify(failure)).not.toContain('s3cret');
  });

  it('gives up on a server that does not answer, and lets go of it', async () => {
    const clock = virtualClock();
    const connected = Promise.withResolvers<Socket>();
    const { url } = await serveTcp(connected.resolve);
    const dialling = dial(url, { clock, timeoutMs: 5_000 });
    const peer = await connected.promise;
    peer.resume();
    const released = once(peer, 'close');
    await clock.advance(5_000);
    expect(await dialling).toEqual({ kind: 'timeout', message: `${url}/ did not answer within 5 s` });
    await released;
    expect(clock.pending).toBe(0);
  });

  it('takes what is no WebSocket server for an error', async () => {
    const { url } = await serveTcp((socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'));
    expect(await dial(url)).toMatchObject({
      kind: 'error',
      message: expect.stringMatching(/cannot connect to/),
    });
  });

  it('loses no frame that came with the handshake', async () => {
    const { url } = await serveSilent(Buffer.from([0x81, 2, ...Buffer.from('{}')]));
    const pipe = expectPipe(await dial(url));
    await turns(3);
    expect(await record(pipe).next()).toBe('{}');
  });
});

describe('acceptUpgrades', () => {
  it('agrees to no deflate', async () => {
    const { url } = await serve();
    const client = new WebSocket(url, { perMessageDeflate: true });
    await once(client, 'open');
    expect(client.extensions).toBe('');
    client.terminate();
  });

  it('answers what is no proper handshake with its HTTP error', async () => {
    const { port, next } = await serve();
    void next().then(() => expect.unreachable());
    const socket = connect(port, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
    await once(socket, 'close');
  });
});
