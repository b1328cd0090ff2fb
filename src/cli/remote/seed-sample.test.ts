import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { offer, realHome, temporaryFolder } from './test-device.ts';
import { queue } from './test-peers.ts';

/** The documents lie beside the checkout, or where FARHAND_CORPUS says; they are no part of the project. */
const corpus = process.env.FARHAND_CORPUS ?? path.resolve(import.meta.dirname, '../../../../shared');
const seeds = path.join(corpus, 'seeds');
const page = existsSync(seeds) ? readdirSync(seeds).find((name) => name.startsWith('000')) : undefined;
if (!page) console.log(`sample server: nothing at ${seeds}, its tests are passed over (set FARHAND_CORPUS)`);

/** The sample's own. */
const port = 8284;
const free = await isFree();
if (!free) console.log(`sample server: port ${port} is taken, its tests are passed over`);

/** Stands after the sample in the same file: passes on what the sample's own functions do, and what it is told to send. */
const bridge = `
process.on('message', (command) => sendCommand(command));
server.on('connection', (socket) => socket.on('message', (raw) => process.send({ frame: JSON.parse(raw.toString()) })));
server.on('listening', () => process.send({ frame: { type: 'listening' } }));
process.on('disconnect', () => process.exit());
`;

describe.runIf(page && free)('the sample server of the documents, word for word', () => {
  it('works a turn with streamed text and an approval', async () => {
    const sample = await startSample();
    const home = await realHome();
    const remote = offer(home.join(), {
      LETTA_BASE_URL: 'http://localhost:8284',
      LETTA_API_KEY: 'dev-token',
    });
    const event = await remote.next();
    expect(event).toMatchObject({ event: 'connected', mode: 'direct' });
    const runtime = { agent_id: (event as { agentId: string }).agentId, conversation_id: 'default' };

    sample.send(message(runtime, '#script=text40'));
    expect(await sample.until('turn_finished')).toMatchObject({ stop_reason: 'end_turn' });
    await sample.printed((text) => spoken(text).includes('the words arrive one after another'));

    sample.send(message(runtime, '#script=bash'));
    const question = await sample.until('control_request');
    sample.send({
      type: 'input',
      runtime,
      payload: {
        kind: 'approval_response',
        request_id: question.request_id,
        decision: { behavior: 'allow', message: 'Approved' },
      },
    });
    expect(await sample.until('turn_finished')).toMatchObject({ stop_reason: 'end_turn' });
    await sample.printed((text) => text.includes('approval required'));
    await sample.printed((text) => text.includes('said by the script'));
    await sample.printed((text) => spoken(text).endsWith('One command first.The command is through.'));

    sample.send({ type: 'ping' });
    expect(await sample.until('pong')).toEqual({ type: 'pong', timestamp: expect.any(Number) });
  });

  it('[REG-1] says what to do about a wrong token', async () => {
    const sample = await startSample('another-token');
    const home = await realHome();
    const remote = offer(home.join(), {
      LETTA_BASE_URL: 'http://localhost:8284',
      LETTA_API_KEY: 'dev-token',
    });
    expect(await remote.done).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/unauthorized\. Check the token: .*LETTA_API_KEY/),
    });
    expect(sample.frames()).toEqual([]);
  });
});

/** As the page shows it under "Send a message". */
const message = (runtime: object, content: string): Frame => ({
  type: 'input',
  runtime,
  payload: {
    kind: 'create_message',
    messages: [{ role: 'user', content, client_message_id: `cm_${content}` }],
    supports_control_response: true,
  },
});

/** What the assistant said, of the deltas that the sample prints. */
const spoken = (printed: string): string =>
  Array.from(
    printed.matchAll(/message_type: 'assistant_message',\n\s+content: '([^']*)'/g),
    ([, content]) => content,
  ).join('');

async function startSample(token?: string) {
  const folder = temporaryFolder();
  symlinkSync(path.resolve(import.meta.dirname, '../../../node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const file = path.join(folder, 'server.ts');
  writeFileSync(file, `${firstBlock(readFileSync(path.join(seeds, page ?? ''), 'utf8'))}\n${bridge}`);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    env: { ...process.env, ...(token !== undefined && { BYOR_REMOTE_TOKEN: token }) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return conversation(child);
}

async function conversation(child: ChildProcess) {
  const frames = queue<Frame>();
  const all: Frame[] = [];
  let text = '';
  let look = (): void => {};
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    look();
  });
  child.on('message', ({ frame }: { frame: Frame }) => {
    frames.push(frame);
    if (frame.type !== 'listening') all.push(frame);
  });
  async function until(type: string): Promise<Frame> {
    for (;;) {
      const frame = await frames.next();
      if (frame.type === type) return frame;
    }
  }
  /** Waits until what the sample has printed is as expected. */
  function printed(isAsExpected: (text: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      look = () => {
        if (isAsExpected(text)) resolve();
      };
      look();
    });
  }
  await until('listening');
  return { until, printed, frames: () => all, send: (command: Frame) => void child.send(command) };
}

function firstBlock(markdown: string): string {
  const code = /^```\w*\n([\s\S]*?)^```/m.exec(markdown)?.[1];
  if (!code?.includes('new WebSocketServer')) throw new Error('the page no longer begins with its server');
  return code;
}

async function isFree(): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
