import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyVersion } from '../../src/core/apply.ts';
import { hubOn } from '../../src/hub/hub-on.ts';
import { systemClock } from '../../src/link/clock.ts';
import { memoryPair } from '../../src/link/memory.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import type { Mode } from '../../src/protocol/modes.ts';
import { owner } from '../../src/protocol/privileges.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Variables } from '../../src/runtime/models/handles.ts';
import type { WireOptions } from '../../src/runtime/models/openai-compatible.ts';
import { ulid } from '../../src/runtime/ulid.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Scripts } from '../../src/testing/model-script.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { type Peer, peerOn } from './peer.ts';

/** A stock client of a hub on a device, its store on disk and its model behind HTTP: everything but the sockets in between. */
export type StockClient = {
  readonly models: ModelServer;
  readonly scope: { readonly agent_id: string; readonly conversation_id: string };
  /** The working directory. */
  readonly cwd: string;
  readonly peer: Peer;
  /** What the device said had gone wrong inside. */
  readonly troubles: readonly unknown[];
  /** Sends a message; resolves with the end of its turn. */
  turn(text: string): Promise<Frame>;
  close(): Promise<void>;
};

export async function stockClient(options: {
  scripts: Scripts;
  mode: Mode;
  files?: Readonly<Record<string, string>>;
  env?: Variables;
  wire?: WireOptions;
}): Promise<StockClient> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-whole-')));
  const home = `${folder}-home`;
  for (const [name, content] of Object.entries(options.files ?? {}))
    writeFileSync(join(folder, name), content);
  const models = await startModelServer({ scripts: options.scripts });
  const store = openStore(join(home, 'device.db'), { applyVersion, durability: 'process' });
  const troubles: unknown[] = [];
  const device = new Device({
    store,
    home,
    scratch: join(home, 'scratch'),
    cwd: folder,
    version: '0.0.0-test',
    mode: options.mode,
    ...(options.wire && { wire: options.wire }),
    env: {
      PATH: process.env.PATH,
      FARHAND_MODEL: 'openai-compatible/scripted-model',
      OPENAI_BASE_URL: models.url,
      ...options.env,
    },
    mint: () => ulid(systemClock.now()),
    trouble: (what, error) => troubles.push(what, error),
    fenced: (error) => troubles.push(error),
  });
  device.start();
  const [hubEnd, deviceEnd] = memoryPair();
  device.attach(deviceEnd);
  const hub = hubOn(hubEnd, { log: store, clock: systemClock, version: '0.0.0-test' });
  const [near, far] = memoryPair();
  hub.accept(far, { principal: owner('private'), hears: 'followed', appServer: true });

  const peer = peerOn(near);
  const scope = { agent_id: device.defaultAgent(), conversation_id: 'conv-1' };
  return {
    models,
    scope,
    cwd: folder,
    peer,
    troubles,
    async turn(text) {
      const from = peer.frames.length;
      const input = { kind: 'create_message', messages: [{ role: 'user', content: text }] };
      await peer.ask({ type: 'input', runtime: scope, payload: input });
      return peer.until(({ type }) => type === 'turn_finished', from);
    },
    async close() {
      await device.close();
      await models.close();
      for (const path of [folder, home]) rmSync(path, { recursive: true, force: true });
    },
  };
}
