import { rmSync } from 'node:fs';
import { startAppServer } from '../../src/cli/app-server/app-server.ts';
import { readListenUrl } from '../../src/cli/app-server/listen-url.ts';
import { Member } from '../../src/cli/home/member.ts';
import { isProblem } from '../../src/cli/program/outcome.ts';
import { systemClock } from '../../src/link/clock.ts';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dial } from '../../src/link/node/websocket.ts';
import type { Scope } from '../../src/protocol/shapes.ts';
import type { Scripts } from '../../src/testing/model-script.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { pathsOf, temporaryFolder } from './home-stand.ts';
import { type Peer, peerOn } from './peer.ts';

/** An app-server on a home that this process owns: a store on disk, real sockets, a model behind HTTP. */
export type AppServerStand = {
  readonly models: ModelServer;
  readonly url: string;
  /** The working directory. */
  readonly cwd: string;
  /** What the owner said had gone wrong inside. */
  readonly troubles: readonly unknown[];
  /** A client by its own socket. */
  client(query?: string): Promise<Peer>;
  /** Resolves when no turn runs and none waits. */
  rest(runtime: Scope): Promise<void>;
  close(): Promise<void>;
};

export async function appServerStand(options: { scripts?: Scripts } = {}): Promise<AppServerStand> {
  const folder = temporaryFolder();
  const cwd = temporaryFolder();
  const models = await startModelServer({ scripts: options.scripts ?? {} });
  process.env.OPENAI_BASE_URL = models.url;
  process.env.FARHAND_MODEL = 'openai-compatible/scripted-model';
  const troubles: unknown[] = [];
  const member = new Member(pathsOf(folder), { cwd, trouble: (what, error) => troubles.push(what, error) });
  const refused = await member.join();
  if (refused) throw new Error(refused.message);
  const listen = readListenUrl('ws://127.0.0.1:0');
  if (isProblem(listen)) throw new Error(listen.message);
  const server = await startAppServer({
    listen,
    checkToken: null,
    member,
    clock: systemClock,
    random: () => 0,
    ownerAway: (_delayMs, message) => troubles.push(message),
  });
  if ('code' in server) throw new Error(server.message);

  return {
    models,
    url: server.wsUrl,
    cwd,
    troubles,
    async client(query = '') {
      const pipe = await dial(`${server.wsUrl}${query}`);
      if (isDialFailure(pipe)) throw new Error(pipe.message);
      return peerOn(pipe);
    },
    async rest(runtime) {
      const pipe = await member.open();
      const conversation = member.owner?.device.conversations.find(runtime);
      if (isDialFailure(pipe) || !conversation || 'code' in conversation)
        throw new Error('There is nothing to come to rest.');
      const watcher = peerOn(pipe);
      watcher.send({ type: 'sync', runtime });
      const isIdle = () => conversation.state.turn === null && conversation.state.queue.length === 0;
      await watcher.watch(
        () => isIdle() || undefined,
        () => 'The end of the last turn',
      );
      watcher.close();
    },
    async close() {
      server.close();
      server.end();
      await member.leave();
      await models.close();
      for (const path of [cwd, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
}
