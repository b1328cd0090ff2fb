import { afterEach, describe, expect, it } from 'vitest';
import type { Scripts } from './model-script.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { chunksOf, events, post, readRest, readUntil, textOf } from './model-test-client.ts';
import { chatRequestOf } from './model-wires.ts';

let server: ModelServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function startWith(scripts: Scripts): Promise<ModelServer> {
  server = await startModelServer({ scripts });
  return server;
}

describe('faults', () => {
  it('truncate: the socket closes in the middle, without an end', async () => {
    const to = await startWith({ mine: [{ text: 'abcdef', pieces: 6, fault: 'truncate', faultAfter: 2 }] });
    const response = await post(to, '#script=mine');
    const { text, reader } = await readUntil(response, '"content":"b"');
    expect(text).not.toContain('"content":"c"');
    await expect(readRest(reader)).rejects.toThrow('terminated');
    expect((await to.onEnd(1)).aborted).toBe(false);
  });

  it('truncate: also a whole JSON answer', async () => {
    const to = await startWith({ mine: [{ text: 'abc', fault: 'truncate' }] });
    const response = await post(to, '#script=mine', { stream: false });
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('reset: before the headers, or in the middle when told', async () => {
    const to = await startWith({
      early: [{ fault: 'reset' }],
      late: [{ text: 'abcdef', fault: 'reset', faultAfter: 1 }],
    });
    await expect(post(to, '#script=early')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    const late = post(to, '#script=late').then((response) => response.text());
    await expect(late).rejects.toThrow();
    expect((await to.onEnd(2)).aborted).toBe(false);
  });

  it('garbage: one chunk that is no JSON, the rest as usual', async () => {
    const to = await startWith({ mine: [{ text: 'abcd', pieces: 4, fault: 'garbage' }] });
    const all = events(await (await post(to, '#script=mine')).text());
    expect(all.at(-1)).toBe('[DONE]');
    const valid = all.slice(0, -1).map((event) => {
      try {
        JSON.parse(event);
        return true;
      } catch {
        return false;
      }
    });
    expect(valid).toEqual([true, true, true, false, true, true]);
    const whole = await post(to, '#script=mine', { stream: false });
    await expect(whole.json()).rejects.toThrow(SyntaxError);
  });

  it('empty: 200 and nothing', async () => {
    const to = await startWith({ mine: [{ text: 'abc', fault: 'empty' }] });
    const response = await post(to, '#script=mine');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('stall: some chunks, then silence until the client leaves, which counts as an abort', async () => {
    const to = await startWith({ mine: [{ text: 'abcdef', pieces: 6, fault: 'stall', faultAfter: 3 }] });
    const client = new AbortController();
    const response = await post(to, '#script=mine', {}, client.signal);
    const { text, reader } = await readUntil(response, '"content":"c"');
    expect(text).not.toContain('"content":"d"');
    const next = reader.read();
    expect((await to.onRequest(1)).endedAt).toBeUndefined();
    client.abort();
    await expect(next).rejects.toThrow('aborted');
    expect((await to.onEnd(1)).aborted).toBe(true);
  });

  it('a status, its body and Retry-After; a number of times, then the answer', async () => {
    const limited = {
      fault: { status: 429, retryAfter: 7 },
      times: 1,
      next: { fault: { status: 500, body: 'oops' }, next: { text: 'at last' } },
    };
    const to = await startWith({ mine: [limited] });
    const first = await post(to, '#script=mine');
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await first.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } });
    const second = await post(to, '#script=mine');
    expect([second.status, await second.text()]).toEqual([500, 'oops']);
    // Another user message has a count of its own.
    expect((await post(to, 'someone else #script=mine')).status).toBe(429);
    expect(textOf(await chunksOf(await post(to, '#script=mine')))).toBe('at last');
  });
});

describe('watching and steering', () => {
  it('records what came, in order, and who waits for a request gets it', async () => {
    const to = await startWith({});
    const second = to.onRequest(2);
    await (await post(to, 'one', { temperature: 0.5 })).text();
    await (await post(to, 'two')).text();
    expect(chatRequestOf(await second).messages[0]?.content).toBe('two');
    const one = await to.onEnd(1);
    expect(one).toMatchObject({
      n: 1,
      aborted: false,
      body: { temperature: 0.5 },
      headers: { 'content-type': 'application/json' },
    });
    expect(one.endedAt).toBeGreaterThanOrEqual(one.at);
  });

  it('records an abort in the middle of a slow answer', async () => {
    const to = await startWith({});
    const client = new AbortController();
    const { reader } = await readUntil(await post(to, '#script=slow', {}, client.signal), '"content"');
    client.abort();
    await expect(reader.read()).rejects.toThrow('aborted');
    expect((await to.onEnd(1)).aborted).toBe(true);
  });

  it('records an abort before the first byte', async () => {
    const to = await startWith({ mine: [{ text: 'late', delayMs: 60_000 }] });
    const client = new AbortController();
    const asked = post(to, '#script=mine', {}, client.signal);
    await to.onRequest(1);
    client.abort();
    await expect(asked).rejects.toThrow('aborted');
    expect((await to.onEnd(1)).aborted).toBe(true);
  });

  it('pauses at a gate until it is released, and not again', async () => {
    const to = await startWith({ mine: [{ text: 'abcd', pieces: 4, hold: '{{gate}}', holdAfter: 2 }] });
    const { text, reader } = await readUntil(await post(to, '#script=mine gate=g1'), '"content":"b"');
    await to.onHeld('g1');
    expect(text).not.toContain('"content":"c"');
    to.release('g1');
    const rest = await readRest(reader);
    expect(rest).toContain('"content":"c"');
    expect(rest).toContain('[DONE]');
    expect(textOf(await chunksOf(await post(to, '#script=mine gate=g1')))).toBe('abcd');
  });

  it('does the same over its control endpoints', async () => {
    const to = await startWith({ mine: [{ text: 'ab', pieces: 2, hold: 'g' }] });
    const control = new URL('/__control/', to.url).href;
    const asked = post(to, '#script=mine').then(chunksOf);
    await to.onHeld('g');
    expect(await (await fetch(`${control}health`)).json()).toEqual({
      ok: true,
      requests: 1,
      refusals: 0,
      held: { g: 1 },
    });
    expect((await fetch(`${control}release`, { method: 'POST', body: '{}' })).status).toBe(400);
    await fetch(`${control}release`, { method: 'POST', body: JSON.stringify({ gate: 'g' }) });
    expect(textOf(await asked)).toBe('ab');
    await to.onEnd(1);
    expect(await (await fetch(`${control}requests`)).json()).toMatchObject({
      requests: [{ n: 1, script: 'mine', step: 0, aborted: false, body: { model: 'm1' } }],
      refusals: [],
    });
    expect(await (await fetch(`${control}health`)).json()).toHaveProperty('held', {});
  });

  it('closes under open answers, tells those who wait, and calls that no abort', async () => {
    const to = await startWith({ mine: [{ text: 'abc', fault: 'stall' }] });
    await readUntil(await post(to, '#script=mine'), '"content"');
    const never = to.onRequest(2);
    const [record] = to.requests;
    await Promise.all([expect(never).rejects.toThrow('closed'), to.close()]);
    expect(record).toMatchObject({ aborted: false, endedAt: expect.any(Number) });
    await expect(fetch(`${to.url}/models`)).rejects.toThrow();
  });
});
