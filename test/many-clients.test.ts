import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../src/protocol/frames.ts';
import { startModelServer } from '../src/testing/model-server.ts';
import type { Peer } from './support/peer.ts';
import { environments, folder, type Served, serve, statusSocket } from './support/serve.ts';

// Several clients on one conversation of the built `farhand serve`, some of them bad ones.

const WORDS = 4_000;
const TURNS = 4;
/** So long that all of it together is more than what sockets hold. */
const word = `${'A word of the answer '.repeat(24)}\n`;

describe('clients on one conversation', () => {
  it('[LINK-3] all read the same, two tabs of one person and one that never acknowledges, beside one that never reads', {
    timeout: 60_000,
  }, async () => {
    const models = await startModelServer({
      scripts: { flood: [{ text: word.repeat(WORDS), pieces: WORDS }] },
    });
    onTestFinished(() => models.close());
    const served = await serve(folder(), {
      env: { FARHAND_MODEL: 'openai-compatible/m', OPENAI_BASE_URL: models.url },
    });
    const device = String((await environments(served))[0]?.deviceId);
    const runtime = { agent_id: String(served.agentId), conversation_id: 'conv-many' };
    const query = { agentId: runtime.agent_id, conversationId: runtime.conversation_id, channel: 'stream' };

    const tabs = [await statusSocket(served, device, query), await statusSocket(served, device, query)];
    const careless = await statusSocket(served, device, query);
    const deaf = await neverReading(served, device, query);
    for (const tab of tabs) acknowledge(tab);
    for (const client of [...tabs, careless]) client.send({ type: 'sync', runtime });
    await Promise.all([...tabs, careless].map((client) => client.until(isType('update_loop_status'))));

    for (let turn = 1; turn <= TURNS; turn++) {
      const messages = [{ role: 'user', content: `Go on. #script=flood`, client_message_id: `tab-${turn}` }];
      tabs[turn % 2]?.send({ type: 'input', runtime, payload: { kind: 'create_message', messages } });
      await Promise.all([...tabs, careless].map((client) => finished(client, turn)));
    }

    const [one = [], other = [], third = []] = [...tabs, careless].map((client) => story(client.frames));
    expect(one.map(({ event_seq }) => event_seq)).toEqual(one.map((_, n) => n + 1));
    expect(said(one)).toBe(word.repeat(WORDS * TURNS));
    expect(other.map(withoutSeq)).toEqual(one.map(withoutSeq));
    expect(third.map(withoutSeq)).toEqual(one.map(withoutSeq));
    // It has been sent nothing that its socket does not hold, and nobody has waited for it.
    expect(deaf.bytesRead).toBeLessThan(JSON.stringify(one).length);
    expect(served.process.child.exitCode).toBe(null);
  });
});

const isType = (type: string) => (frame: Frame) => frame.type === type;

/** As the documents say: every frame that has a number. */
function acknowledge(client: Peer): void {
  let at = 0;
  void client
    .watch(
      () => {
        for (; at < client.frames.length; at++) {
          const seq = client.frames[at]?.seq;
          if (typeof seq === 'number') client.send({ type: 'ack', seq });
        }
        return undefined;
      },
      () => 'the end of the test',
    )
    .catch(() => undefined);
}

const finished = (client: Peer, turns: number) =>
  client.watch(
    () => client.frames.filter(isType('turn_finished')).length >= turns || undefined,
    () => `The end of turn ${turns}`,
  );

/** The stored events, as this client was told them. */
const story = (frames: readonly Frame[]): Frame[] =>
  frames.filter(({ event_seq, snapshot }) => typeof event_seq === 'number' && snapshot !== true);

const said = (frames: readonly Frame[]): string =>
  frames
    .map(({ delta }) => delta as { message_type?: string; content?: string } | undefined)
    .map((delta) => (delta?.message_type === 'assistant_message' ? (delta.content ?? '') : ''))
    .join('');

/** Each client has numbers of its own. */
const withoutSeq = ({ seq: _, ...frame }: Frame) => frame;

/** A socket that was upgraded and is never read again. */
async function neverReading(
  { url, token }: Served,
  device: string,
  query: Readonly<Record<string, string>>,
): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const path = `/v1/environments/${device}/status/ws?${new URLSearchParams(query)}`;
  const key = Buffer.alloc(16).toString('base64');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const [head] = await once(socket, 'data');
  expect(String(head)).toContain(' 101 ');
  socket.pause();
  return socket;
}
