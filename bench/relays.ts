import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { launcher } from './built-remote.ts';
import { bareEnvironment, killChild, startChild, stopChild } from './child.ts';
import { awaited } from './harness.ts';
import { type Link, scope } from './processes/device.ts';
import type { Target } from './raw-socket.ts';

/** A place to which one device sends and at which many subscribers hear. */
export type Relay = {
  readonly pid: number;
  readonly url: string;
  /** Room for a device with a conversation of its own. */
  place(): Promise<Place>;
  stop(): Promise<void>;
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>;
};

export type Place = {
  readonly device: Link;
  readonly subscriber: Target;
  /** Events that whoever comes now is given from the store; null where there is none. */
  kept(): Promise<number | null>;
};

/** `port`: default any that is free. */
export async function bareRelay(port = 0): Promise<Relay> {
  const script = join(import.meta.dirname, 'processes', 'bare-relay.ts');
  const child = await startChild([script, `${port}`], bareEnvironment());
  const { url } = child.said;
  return {
    pid: child.pid,
    url: String(url),
    stop: child.stop,
    kill: child.kill,
    place: async () => ({
      device: { url: `${url}/device`, greets: false },
      subscriber: { url: `${url}/subscriber` },
      kept: async () => null,
    }),
  };
}

export type Served = { readonly url: string; readonly token: string; readonly deviceToken: string };

/** The built `farhand serve`, without a runtime of its own. */
export type FarhandRelay = Relay & { readonly served: Served };

export async function farhandRelay(folder: string, port = 0): Promise<FarhandRelay> {
  const child = spawn(process.execPath, [launcher, 'serve', '--no-runtime', '--port', `${port}`, '--json'], {
    env: { ...bareEnvironment(), HOME: folder, FARHAND_HOME: join(folder, 'home') },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const served = await awaited<Served>('farhand serve', (heard) =>
    createInterface({ input: child.stdout }).once('line', (line) => heard(JSON.parse(line))),
  );
  return {
    pid: child.pid ?? 0,
    url: served.url,
    served,
    place: () => farhandPlace(served),
    kill: () => killChild(child),
    async stop() {
      child.kill('SIGTERM');
      await stopChild(child);
    },
  };
}

async function farhandPlace({ url, token, deviceToken }: Served): Promise<Place> {
  const deviceId = randomUUID();
  const asDevice = { authorization: `Bearer ${deviceToken}` };
  const registered = await fetch(`${url}/v1/environments/register`, {
    method: 'POST',
    headers: { ...asDevice, 'content-type': 'application/json' },
    body: JSON.stringify({
      deviceId,
      connectionName: 'bench',
      metadata: { lettaCodeVersion: '0.1.0', farhand: { v: 1, features: [] } },
    }),
  });
  const { wsUrl } = (await registered.json()) as { wsUrl: string };
  const headers = { authorization: `Bearer ${token}` };
  const status = `${url.replace(/^http/, 'ws')}/v1/environments/${deviceId}/status/ws?farhand=1`;
  return {
    device: { url: wsUrl, headers: asDevice, greets: true },
    subscriber: {
      url: `${status}&agentId=${scope.agent_id}&conversationId=${scope.conversation_id}`,
      headers,
    },
    kept: () => replayed(status, headers),
  };
}

/** What a client that comes only now is told of the whole conversation: it is over when nothing came for a while. */
async function replayed(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  await once(socket, 'open');
  let head = 0;
  await awaited<void>('the replay', (done) => {
    let quiet: NodeJS.Timeout | undefined;
    socket.on('message', (data) => {
      const { event_seq, snapshot } = JSON.parse(String(data));
      if (event_seq === head + 1 && !snapshot) head = event_seq;
      clearTimeout(quiet);
      if (head > 0) quiet = setTimeout(done, QUIET_MS);
    });
    socket.send(JSON.stringify({ type: 'sync', request_id: 'all', runtime: scope, after_event_seq: 0 }));
  });
  socket.terminate();
  return head;
}

const QUIET_MS = 300;
