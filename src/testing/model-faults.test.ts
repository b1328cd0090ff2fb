import { afterEach, describe, expect, it } from 'vitest';
import type { Reply } from './model-script.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { readRest, readUntil } from './model-test-client.ts';
import { askOn, eventsIn, wireNames } from './model-test-wires.ts';
import type { WireName } from './model-wire.ts';

let server: ModelServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function answering(reply: Reply): Promise<ModelServer> {
  server = await startModelServer({ scripts: { mine: [reply] } });
  return server;
}

/** What tells the errors of each API apart: its type or status, and for OpenAI mostly its code. */
type Words = { openai: object; anthropic: string; google: string };
const statuses: [number, Words][] = [
  [
    401,
    { openai: { code: 'invalid_api_key' }, anthropic: 'authentication_error', google: 'UNAUTHENTICATED' },
  ],
  [403, { openai: { type: 'permission_error' }, anthropic: 'permission_error', google: 'PERMISSION_DENIED' }],
  [404, { openai: { code: 'model_not_found' }, anthropic: 'not_found_error', google: 'NOT_FOUND' }],
  [
    429,
    { openai: { code: 'rate_limit_exceeded' }, anthropic: 'rate_limit_error', google: 'RESOURCE_EXHAUSTED' },
  ],
  [500, { openai: { type: 'server_error' }, anthropic: 'api_error', google: 'INTERNAL' }],
  [503, { openai: { type: 'server_error' }, anthropic: 'api_error', google: 'UNAVAILABLE' }],
  [529, { openai: { type: 'server_error' }, anthropic: 'overloaded_error', google: 'INTERNAL' }],
];

function errorOf(wire: WireName, status: number, { openai, anthropic, google }: Words): object {
  if (wire === 'anthropic') return { type: 'error', error: { type: anthropic } };
  return { error: wire === 'google' ? { code: status, status: google } : openai };
}

const tooLong: Record<WireName, RegExp> = {
  'openai-chat': /maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens/,
  'openai-responses': /exceeds the context window/,
  anthropic: /^prompt is too long: 250000 tokens > 200000 maximum$/,
  google: /^The input token count \(1050000\) exceeds the maximum number of tokens allowed \(1048576\)\.$/,
};
const tokens: Record<WireName, number> = {
  'openai-chat': 130_000,
  'openai-responses': 300_000,
  anthropic: 250_000,
  google: 1_050_000,
};

const PIECES: Reply = { text: 'abcdef', pieces: 6 };
/** A piece of text as it stands in a stream. */
const piece = (letter: string): Record<WireName, string> => ({
  'openai-chat': `"content":"${letter}"`,
  'openai-responses': `"delta":"${letter}"`,
  anthropic: `"text":"${letter}"`,
  google: `"text":"${letter}"`,
});

describe.each(wireNames)('faults on %s', (wire) => {
  it.each(statuses)('status %i, whole and streamed', async (status, said) => {
    const to = await answering({ fault: { status, retryAfter: 7 } });
    for (const stream of [true, false]) {
      const response = await askOn(wire, to, '#script=mine', { stream });
      expect(response.status).toBe(status);
      expect(response.headers.get('retry-after')).toBe(wire === 'google' ? null : '7');
      expect(await response.json()).toMatchObject(errorOf(wire, status, said));
    }
  });

  it('a 429 without a time to wait', async () => {
    const response = await askOn(wire, await answering({ fault: { status: 429 } }), '#script=mine');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, null]);
    expect(await response.text()).not.toContain('retryDelay');
  });

  it('a prompt that is too long', async () => {
    const to = await answering({ fault: 'overflow', usage: { input: tokens[wire] } });
    const response = await askOn(wire, to, '#script=mine');
    expect(response.status).toBe(400);
    const body = await response.json();
    expect(body).toHaveProperty('error.message', expect.stringMatching(tooLong[wire]));
    if (wire.startsWith('openai')) expect(body).toHaveProperty('error.code', 'context_length_exceeded');
  });

  it.each([{ status: 503 }, 'overflow'] as const)('an error inside the stream: %o', async (fault) => {
    const to = await answering({ ...PIECES, fault, faultAfter: 2, usage: { input: tokens[wire] } });
    const response = await askOn(wire, to, '#script=mine');
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain(piece('b')[wire]);
    expect(text).not.toContain(piece('c')[wire]);
    const last = eventsIn(text).at(-1);
    const names = { anthropic: 'error', 'openai-responses': 'response.failed' };
    expect(last?.name).toBe(wire === 'anthropic' || wire === 'openai-responses' ? names[wire] : undefined);
    const body: unknown = JSON.parse(last?.data ?? '');
    const error = wire === 'openai-responses' ? 'response.error' : 'error';
    expect(body).toHaveProperty(`${error}.message`);
    if (fault === 'overflow') {
      expect(body).toHaveProperty(`${error}.message`, expect.stringMatching(tooLong[wire]));
    }
    // Inside a whole answer there is no room for it: it comes as a status.
    expect((await askOn(wire, to, '#script=mine', { stream: false })).status).not.toBe(200);
  });

  it('truncate and reset in the middle', async () => {
    for (const fault of ['truncate', 'reset'] as const) {
      const to = await answering({ ...PIECES, fault, faultAfter: 2 });
      const response = await askOn(wire, to, '#script=mine');
      await expect(response.text()).rejects.toThrow('terminated');
      await expect(
        askOn(wire, to, '#script=mine', { stream: false }).then((r) => r.text()),
      ).rejects.toThrow();
      await to.close();
    }
  });

  it('reset before the headers', async () => {
    await expect(askOn(wire, await answering({ fault: 'reset' }), '#script=mine')).rejects.toMatchObject({
      cause: { code: 'ECONNRESET' },
    });
  });

  it('garbage: one event that is no JSON', async () => {
    const to = await answering({ ...PIECES, fault: 'garbage', faultAfter: 3 });
    const events = eventsIn(await (await askOn(wire, to, '#script=mine')).text());
    const sound = events.filter(({ data }) => isJson(data) || data === '[DONE]');
    expect(events.length - sound.length).toBe(1);
    const whole = await (await askOn(wire, to, '#script=mine', { stream: false })).text();
    expect(isJson(whole)).toBe(false);
  });

  it('empty: 200 and nothing', async () => {
    const response = await askOn(wire, await answering({ ...PIECES, fault: 'empty' }), '#script=mine');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('stall: silence until the client leaves', async () => {
    const to = await answering({ ...PIECES, fault: 'stall', faultAfter: 2 });
    const client = new AbortController();
    const response = await askOn(wire, to, '#script=mine', { signal: client.signal });
    const { text } = await readUntil(response, piece('b')[wire]);
    expect(text).not.toContain(piece('c')[wire]);
    client.abort();
    expect((await to.onEnd(1)).aborted).toBe(true);
  });

  it('unfinished: every chunk, but nothing that ends the answer', async () => {
    const to = await answering({ ...PIECES, fault: 'unfinished' });
    const text = await (await askOn(wire, to, '#script=mine')).text();
    expect(text).toContain(piece('f')[wire]);
    expect(text).not.toMatch(
      /\[DONE\]|message_stop|response\.completed|"finishReason"|"finish_reason":"stop"/,
    );
    expect(() => eventsIn(text)).not.toThrow();
  });

  it('signs of life between chunks', async () => {
    const to = await answering({ ...PIECES, pingEvery: 2, hold: 'gate', holdAfter: 3 });
    const { text, reader } = await readUntil(await askOn(wire, to, '#script=mine'), piece('c')[wire]);
    to.release('gate');
    const all = text + (await readRest(reader));
    const ping = wire === 'anthropic' ? 'event: ping\ndata: {"type":"ping"}\n\n' : ': keep-alive';
    // Anthropic says so once more, as soon as the first block is open.
    expect(all.split(ping).length - 1).toBe(wire === 'anthropic' ? 3 : 2);
    expect(() => eventsIn(all)).not.toThrow();
  });

  it('arguments of 216 KB in 13,500 pieces', async () => {
    const input = { file_path: '/a', content: 'sixteen letters '.repeat(13_500) };
    const to = await answering({
      calls: [{ id: 'call_1', name: 'Write', arguments: input }],
      argumentPieces: 13_500,
    });
    const events = eventsIn(await (await askOn(wire, to, '#script=mine')).text());
    const found = events.flatMap(({ data }) => argumentsIn(wire, data));
    expect(found).toHaveLength(wire === 'google' ? 1 : 13_500);
    expect(JSON.parse(found.join(''))).toEqual(input);
  });
});

it('Google says when to come back in the body', async () => {
  const to = await answering({ fault: { status: 429, retryAfter: 26 } });
  expect(await (await askOn('google', to, '#script=mine')).json()).toMatchObject({
    error: {
      details: [
        { '@type': 'type.googleapis.com/google.rpc.QuotaFailure' },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '26s' },
      ],
    },
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The pieces of arguments in one event, as text. */
function argumentsIn(wire: WireName, data: string): string[] {
  const found: string[] = [];
  const take = (key: string, value: unknown) => {
    if (
      wire === 'google' ? key === 'args' : typeof value === 'string' && value !== '' && key === NAMES[wire]
    ) {
      found.push(typeof value === 'string' ? value : JSON.stringify(value));
    }
    return value;
  };
  if (data !== '[DONE]' && !/"type":"[a-z_.]*(done|completed)"/.test(data)) JSON.parse(data, take);
  return found;
}

const NAMES: Record<WireName, string> = {
  'openai-chat': 'arguments',
  'openai-responses': 'delta',
  anthropic: 'partial_json',
  google: 'args',
};
