import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { openExchange } from './watched-fetch.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listen(answer: RequestListener): Promise<URL> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return new URL(`http://127.0.0.1:${bound.port}/v1`);
}

const STALL = 120_000;

function exchangeWith(baseUrl: URL, clock = virtualClock(), signal = new AbortController().signal) {
  const endpoint = {
    name: 'Server',
    baseUrl,
    baseVariable: 'URL_VARIABLE',
    key: '',
    keyVariable: 'KEY_VARIABLE',
  };
  return openExchange({ endpoint, modelId: 'm1', signal, clock, stallMs: STALL });
}

/** A server that leaves the answer to the test. */
async function heldServer() {
  let hold: (response: ServerResponse) => void = () => {};
  const response = new Promise<ServerResponse>((resolve) => {
    hold = resolve;
  });
  return { url: await listen((_request, answer) => hold(answer)), response };
}

describe('silence', () => {
  it('before the headers ends the request after 120 s', async () => {
    const clock = virtualClock();
    const { url, response } = await heldServer();
    const exchange = exchangeWith(url, clock);
    const answer = exchange.fetch(url, { signal: exchange.signal });
    const ended = expect(answer).rejects.toThrow();
    const closed = once(await response, 'close');
    await clock.advance(STALL - 1);
    expect(exchange.failure()).toBeUndefined();
    await clock.advance(1);
    await ended;
    await closed;
    expect(exchange.failure()).toMatchObject({ code: 'model_unavailable', retryable: true });
    expect(exchange.failure()?.message).toContain('sent nothing for 120 s');
  });

  it('is broken by any byte, also by a comment, and counts only while somebody reads', async () => {
    const clock = virtualClock();
    const { url, response } = await heldServer();
    const exchange = exchangeWith(url, clock);
    const answer = exchange.fetch(url, { signal: exchange.signal });
    const server = await response;
    await clock.advance(STALL - 1);
    server.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const reader = (await answer).body?.getReader();
    if (!reader) throw new Error('no body');

    for (let i = 0; i < 3; i++) {
      const chunk = reader.read();
      await clock.advance(STALL - 1);
      server.write(': still here\n\n');
      expect(new TextDecoder().decode((await chunk).value)).toBe(': still here\n\n');
    }
    await clock.advance(5 * STALL);
    expect(exchange.failure()).toBeUndefined();

    const ended = expect(reader.read()).rejects.toThrow();
    await clock.advance(STALL);
    await ended;
    expect(exchange.failure()?.message).toContain('sent nothing for 120 s');
  });

  it('in the body of an error is noticed, too', async () => {
    const clock = virtualClock();
    const { url, response } = await heldServer();
    const exchange = exchangeWith(url, clock);
    const ended = expect(exchange.fetch(url, { signal: exchange.signal })).rejects.toThrow();
    const server = await response;
    const closed = once(server, 'close');
    server.writeHead(500).write('half of');
    let gone = false;
    void closed.then(() => {
      gone = true;
    });
    while (!gone) await clock.advance(STALL);
    await ended;
    expect(exchange.failure()).toMatchObject({ code: 'model_unavailable', retryable: true });
  });

  it('leaves no timer behind', async () => {
    const clock = virtualClock();
    const url = await listen((_request, response) => response.end('all'));
    const exchange = exchangeWith(url, clock);
    const answer = await exchange.fetch(url, { signal: exchange.signal });
    expect(await answer.text()).toBe('all');
    exchange.close();
    expect(clock.pending).toBe(0);
  });
});

describe('the end of a request', () => {
  it('is told as cut off where the socket closes inside the body', async () => {
    const { url, response } = await heldServer();
    const exchange = exchangeWith(url);
    const answer = exchange.fetch(url, { signal: exchange.signal });
    const server = await response;
    server.writeHead(200).write('half');
    const body = (await answer).text();
    server.destroy();
    await expect(body).rejects.toThrow();
    expect(exchange.failure()).toMatchObject({ code: 'model_reply_invalid', retryable: true });
  });

  it('comes at once when the caller aborts, and is no failure', async () => {
    const caller = new AbortController();
    const { url, response } = await heldServer();
    const exchange = exchangeWith(url, virtualClock(), caller.signal);
    const ended = expect(exchange.fetch(url, { signal: exchange.signal })).rejects.toThrow();
    const closed = once(await response, 'close');
    caller.abort();
    await closed;
    await ended;
    expect(exchange.failure()).toBeUndefined();
  });

  it('does not wait for an endless error', async () => {
    const url = await listen((_request, response) => {
      response.writeHead(500);
      response.write('the reason ');
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    });
    const exchange = exchangeWith(url);
    await expect(exchange.fetch(url, { signal: exchange.signal })).rejects.toThrow();
    expect(exchange.failure()?.message).toContain('HTTP 500: the reason xxx');
    exchange.close();
  });
});
