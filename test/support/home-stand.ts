import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Member } from '../../src/cli/home/member.ts';
import { type HomePaths, homePaths } from '../../src/cli/home/paths.ts';
import { readEndpoint } from '../../src/cli/remote/endpoint.ts';
import { runRemote } from '../../src/cli/remote/remote.ts';
import { systemClock } from '../../src/link/clock.ts';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dialLocal } from '../../src/link/node/local-socket.ts';
import { acceptUpgrades } from '../../src/link/node/upgrade.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import type { Scripts } from '../../src/testing/model-script.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { type Peer, peerOn } from './peer.ts';

/** A home that this process owns, with everything around it: a store on disk, a private socket, a model behind HTTP. */
export type HomeStand = {
  readonly paths: HomePaths;
  readonly models: ModelServer;
  /** The working directory. */
  readonly cwd: string;
  /** What the owner said had gone wrong inside. */
  readonly troubles: readonly unknown[];
  /** A conversation of the default agent. */
  scope(conversation: string): { agent_id: string; conversation_id: string };
  /** A client on the private socket that understands the extensions. */
  terminal(): Promise<Peer>;
  /** A server that the home dials because its registration was answered with 426; each connection is another peer. */
  server(): Promise<{ next(): Promise<Peer> }>;
  /** Sends a message and waits until it is worked. */
  turn(peer: Peer, conversation: string, text?: string): Promise<void>;
  /** Gives the home up; its folder stays where the caller made it. */
  close(): Promise<void>;
};

export async function homeStand(options: { scripts?: Scripts; folder?: string } = {}): Promise<HomeStand> {
  const folder = options.folder ?? temporaryFolder();
  const cwd = temporaryFolder();
  const paths = pathsOf(folder);
  const models = await startModelServer({ scripts: options.scripts ?? {} });
  process.env.OPENAI_BASE_URL = models.url;
  process.env.FARHAND_MODEL = 'openai-compatible/scripted-model';
  const troubles: unknown[] = [];
  const member = new Member(paths, { cwd, trouble: (what, error) => troubles.push(what, error) });
  const refused = await member.join();
  if (refused) throw new Error(refused.message);
  const agent_id = member.owner?.device.defaultAgent() ?? '';
  const ends: (() => Promise<void>)[] = [];
  let said = 0;

  async function terminal(): Promise<Peer> {
    const pipe = await dialLocal(paths.socket);
    if (isDialFailure(pipe)) throw new Error(pipe.message);
    ends.push(async () => pipe.close());
    return greeted(peerOn(pipe));
  }

  async function server() {
    const waiting: Peer[] = [];
    const asked: ((peer: Peer) => void)[] = [];
    const accept = acceptUpgrades();
    const listener = createServer((_request, response) => response.writeHead(426).end());
    listener.on('upgrade', (request, socket, head) =>
      accept(request, socket, head, async (pipe) => {
        const peer = await greeted(peerOn(pipe));
        const next = asked.shift();
        if (next) next(peer);
        else waiting.push(peer);
      }),
    );
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const endpoint = readEndpoint({ url }, {}, { hostname: 'desk' });
    if ('code' in endpoint) throw new Error(endpoint.message);
    const identity = { deviceId: 'device-1', listenerInstanceId: 'server-1' };
    const remote = runRemote({
      member,
      endpoint,
      identity,
      clock: systemClock,
      random: () => 0,
      version: '0.0.0-test',
      report: () => undefined,
    });
    ends.push(async () => {
      remote.stop();
      await remote.done;
      listener.close();
      listener.closeAllConnections();
    });
    return {
      next: async () => waiting.shift() ?? new Promise<Peer>((resolve) => asked.push(resolve)),
    };
  }

  const scope = (conversation_id: string) => ({ agent_id, conversation_id });
  return {
    paths,
    models,
    cwd,
    troubles,
    scope,
    terminal,
    server,
    async turn(peer, conversation, text = 'Say it. #script=short') {
      said += 1;
      const id = `cm-turn-${said}`;
      const accepted = await peer.ask(message(scope(conversation), text, id));
      if (accepted.accepted !== true) throw new Error(`It was refused: ${JSON.stringify(accepted)}`);
      await peer.until(receipt(id, 'done'));
    },
    async close() {
      for (const end of ends.reverse()) await end();
      await member.leave();
      await models.close();
      rmSync(cwd, { recursive: true });
      if (options.folder === undefined) rmSync(folder, { recursive: true });
    },
  };
}

export const temporaryFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'farhand-test-')));

export function pathsOf(folder: string): HomePaths {
  const paths = homePaths({ FARHAND_HOME: folder });
  if ('code' in paths) throw new Error(paths.message);
  return paths;
}

/** A message for an agent, with the id it is known by. */
export const message = (runtime: object, text: unknown, id: string): Frame => ({
  type: 'input',
  runtime,
  payload: { kind: 'create_message', messages: [{ role: 'user', content: text, client_message_id: id }] },
});

/** Whether a frame tells that this has become of that input. */
export const receipt = (id: string, state: string) => (frame: Frame) =>
  frame.type === 'input_receipt' && frame.client_message_id === id && frame.state === state;

async function greeted(peer: Peer): Promise<Peer> {
  await peer.ask({ type: 'client_hello' });
  return peer;
}
