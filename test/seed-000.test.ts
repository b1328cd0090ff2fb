import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../src/protocol/frames.ts';
import { startModelServer } from '../src/testing/model-server.ts';
import { root, type Started, startFarhand, startNode } from './support/processes.ts';

// The command line of the first document, to the letter: its sample server as one process, `farhand remote` as another.

/** The documents lie beside the checkout, or where FARHAND_CORPUS says; they are no part of the project. */
const seeds = resolve(process.env.FARHAND_CORPUS ?? '../shared', 'seeds');
const page = existsSync(seeds) ? readdirSync(seeds).find((name) => name.startsWith('000')) : undefined;
/** The sample's own. */
const port = 8284;
const obstacle = page === undefined ? `there is nothing at ${seeds} (FARHAND_CORPUS)` : await portProblem();
if (obstacle) console.warn(`The sample server of the documents is left out: ${obstacle}.`);

const scripts = {
  long: [
    {
      text: 'All of this is said, one word after the other. '.repeat(8),
      pieces: 16,
      hold: 'cut-here',
      holdAfter: 4,
    },
  ],
};

describe.runIf(!obstacle)('the sample server of the documents and farhand remote', () => {
  it('talk, approve, ping, and go on after the server was killed', { timeout: 60_000 }, async () => {
    const models = await startModelServer({ scripts });
    onTestFinished(() => models.close());
    const home = folder();
    const sample = await startSample(home);
    const remote = startRemote(home, { FARHAND_MODEL: 'openai-compatible/m', OPENAI_BASE_URL: models.url });
    const connected = await remote.watch(() => events(remote).find(({ event }) => event === 'connected'));
    expect(connected).toEqual({
      event: 'connected',
      mode: 'direct',
      connectionId: expect.any(String),
      deviceId: expect.any(String),
      agentId: expect.stringMatching(/^agent-/),
    });
    const runtime = { agent_id: String(connected.agentId), conversation_id: 'conv-01J_demo' };

    sample.send(message(runtime, 'What files should I inspect first? #script=text40', 'cm_01J_demo'));
    await sample.until('turn_finished');
    expect(spoken(sample.printed())).toMatch(/^The scripted model says this .* Done\.$/);

    sample.send(message(runtime, 'And now? #script=bash', 'cm_02J_demo'));
    const question = await sample.until('control_request');
    await sample.shows((text) => text.includes('approval required') && text.includes('can_use_tool'));
    sample.send({
      type: 'input',
      runtime,
      payload: {
        kind: 'approval_response',
        request_id: question.request_id,
        decision: { behavior: 'allow', message: 'Approved' },
      },
    });
    await sample.until('turn_finished', 2);
    await sample.shows((text) => text.includes('said by the script'));
    expect(spoken(sample.printed())).toMatch(/One command first\.The command is through\.$/);

    sample.send({ type: 'ping' });
    expect(await sample.until('pong')).toEqual({ type: 'pong', timestamp: expect.any(Number) });

    // The server is killed while an answer streams; the turn ends without it.
    sample.send(message(runtime, 'At length. #script=long', 'cm_03J_demo'));
    await models.onHeld('cut-here');
    await sample.shows((text) => spoken(text).includes('All of this is said'));
    const heard = numbered(sample.frames());
    sample.process.child.kill('SIGKILL');
    await remote.watch(() => events(remote).find(({ event }) => event === 'disconnected'));
    models.release('cut-here');
    await models.onEnd(models.requests.length);

    const next = await startSample(home);
    await remote.watch(
      () => events(remote).filter(({ event }) => event === 'connected').length === 2 || undefined,
    );
    next.send({ type: 'sync', runtime, request_id: 'sync-1', after_event_seq: heard.at(-1)?.event_seq });
    expect(await next.until('sync_response')).toMatchObject({
      request_id: 'sync-1',
      success: true,
      verdict: 'ok',
    });
    await next.until('turn_finished');
    await next.shows((text) => spoken(text) !== '');
    // An event that came live may come once more with the replay: it is the same event.
    const log = new Map([...heard, ...numbered(next.frames())].map((frame) => [frame.event_seq, frame]));
    expect([...log.keys()]).toEqual(Array.from(log.keys(), (_, index) => index + 1));
    expect(textIn([...log.values()])).toContain('All of this is said, one word after the other. '.repeat(8));

    remote.child.kill('SIGTERM');
    expect(await remote.ended).toMatchObject({ code: 0 });
    expect(models.refusals).toEqual([]);
  });

  it('[REG-1] say what to do about a wrong token', async () => {
    const home = folder();
    const sample = await startSample(home, { BYOR_REMOTE_TOKEN: 'another-token' });
    const remote = startRemote(home);
    expect(await remote.ended).toMatchObject({ code: 1 });
    expect(events(remote).at(-1)).toMatchObject({
      event: 'refused',
      message: expect.stringMatching(/unauthorized\. Check the token: .*LETTA_API_KEY/),
    });
    expect(sample.frames()).toEqual([]);
  });
});

function startRemote(home: string, env: Record<string, string> = {}): Started {
  return startFarhand(['remote', '--env-name', 'local-dev', '--backend', 'local', '--json'], {
    cwd: home,
    env: {
      ...env,
      FARHAND_HOME: join(home, 'home'),
      LETTA_BASE_URL: 'http://localhost:8284',
      IGNORE_SELF_HOSTED_LISTENER_ERROR: '1',
      LETTA_API_KEY: 'dev-token',
    },
  });
}

/** What it has printed, a line of JSON each. */
const events = (remote: Started): Record<string, unknown>[] =>
  remote
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** As the page shows it under "Send a message". */
const message = (runtime: object, content: string, client_message_id: string): Frame => ({
  type: 'input',
  runtime,
  payload: {
    kind: 'create_message',
    messages: [{ role: 'user', content, client_message_id }],
    supports_control_response: true,
  },
});

/** Stands after the sample in the same file: has its functions send what the test says, and passes on what they were called with. */
const bridge = `
process.on('message', (command) => sendCommand(command));
server.on('connection', (socket) => socket.on('message', (raw) => process.send(JSON.parse(raw.toString()))));
server.on('listening', () => process.send({ type: 'listening' }));
process.on('disconnect', () => process.exit());
`;

async function startSample(place: string, env: Record<string, string> = {}) {
  const file = join(place, 'server.ts');
  if (!existsSync(file)) {
    symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
    writeFileSync(join(place, 'package.json'), '{"type":"module"}');
    writeFileSync(file, `${firstBlock(readFileSync(join(seeds, page ?? ''), 'utf8'))}\n${bridge}`);
  }
  const process = startNode(['--disable-warning=ExperimentalWarning', file], { cwd: place, env, ipc: true });
  const frames: Frame[] = [];
  let look = () => {};
  process.child.on('message', (frame) => {
    frames.push(frame as Frame);
    look();
  });
  /** The n-th frame of that type. */
  const until = (type: string, n = 1) =>
    new Promise<Frame>((found, failed) => {
      look = () => {
        const frame = frames.filter((one) => one.type === type)[n - 1];
        if (frame) found(frame);
      };
      look();
      void process.ended.then(() => failed(new Error(`The sample ended. It wrote:\n${process.output()}`)));
    });
  await until('listening');
  return {
    process,
    until,
    frames: () => frames.slice(1),
    printed: process.stdout,
    shows: (isAsExpected: (text: string) => boolean) =>
      process.watch((text) => isAsExpected(text) || undefined),
    send: (command: Frame) => void process.child.send(command),
  };
}

function firstBlock(markdown: string): string {
  const code = /^```\w*\n([\s\S]*?)^```/m.exec(markdown)?.[1];
  if (!code?.includes('new WebSocketServer')) throw new Error('The page no longer begins with its server.');
  return code;
}

/** What the assistant said, of the deltas that the sample prints. */
const spoken = (printed: string): string =>
  Array.from(
    printed.matchAll(/message_type: 'assistant_message',\n\s+content: '([^']*)'/g),
    ([, text]) => text,
  ).join('');

const numbered = (frames: readonly Frame[]): Frame[] =>
  frames.filter(({ event_seq, snapshot }) => event_seq !== undefined && snapshot !== true);

const textIn = (frames: readonly Frame[]): string =>
  frames
    .map(({ delta }) => (delta ?? {}) as { message_type?: string; content?: string })
    .flatMap((delta) => (delta.message_type === 'assistant_message' ? [delta.content] : []))
    .join('');

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'farhand-seed-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function portProblem(): Promise<string | null> {
  return new Promise((tell) => {
    const server = createServer();
    server.once('error', () => tell(`port ${port} is taken`));
    server.listen(port, '127.0.0.1', () => server.close(() => tell(null)));
  });
}
