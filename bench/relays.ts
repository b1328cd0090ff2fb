import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { launcher } from './built-remote.ts';
import { bareEnvironment, startChild, stopChild } from './child.ts';
import { awaited } from './harness.ts';

/** A place to which one device sends and at which many subscribers hear. */
export type Relay = {
  readonly pid: number;
  /** A device with a conversation of its own, and where that is heard. */
  device(): Promise<RelayDevice>;
  stop(): Promise<void>;
};

export type RelayDevice = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sends events 1, 2, 3, …; each text is that of one delta. */
  send(texts: readonly string[]): void;
  /** Bytes that are sent and not yet gone. */
  unsent(): number;
  /** Events that whoever comes now is given from the store; null where there is none. */
  kept(): Promise<number | null>;
  close(): void;
};

export async function bareRelay(): Promise<Relay> {
  const child = await startChild(
    [join(import.meta.dirname, 'processes', 'bare-relay.ts')],
    bareEnvironment(),
  );
  const url = String(child.said.url);
  return {
    pid: child.pid,
    stop: child.stop,
    async device() {
      const socket = new WebSocket(`${url}/device`, { perMessageDeflate: false });
      await once(socket, 'open');
      const event = events();
      return {
        url: `${url}/subscriber`,
        headers: {},
        send(texts) {
          for (const text of texts) socket.send(event(text));
        },
        unsent: () => socket.bufferedAmount,
        kept: async () => null,
        close: () => socket.terminate(),
      };
    },
  };
}

/** The built `farhand serve`, without a runtime of its own. */
export async function farhandRelay(folder: string, port = 0): Promise<Relay & { readonly port: number }> {
  const child = spawn(process.execPath, [launcher, 'serve', '--no-runtime', '--port', `${port}`, '--json'], {
    env: { ...bareEnvironment(), HOME: folder, FARHAND_HOME: join(folder, 'home') },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const said = await awaited<{ url: string; token: string; deviceToken: string }>('farhand serve', (heard) =>
    createInterface({ input: child.stdout }).once('line', (line) => heard(JSON.parse(line))),
  );
  return {
    pid: child.pid ?? 0,
    port: Number(new URL(said.url).port),
    device: () => farhandDevice(said),
    async stop() {
      child.kill('SIGTERM');
      await stopChild(child);
    },
  };
}

type Served = { readonly url: string; readonly token: string; readonly deviceToken: string };

async function farhandDevice({ url, token, deviceToken }: Served): Promise<RelayDevice> {
  const deviceId = randomUUID();
  const device = { authorization: `Bearer ${deviceToken}` };
  const registered = await fetch(`${url}/v1/environments/register`, {
    method: 'POST',
    headers: { ...device, 'content-type': 'application/json' },
    body: JSON.stringify({
      deviceId,
      connectionName: 'bench',
      metadata: { lettaCodeVersion: '0.1.0', farhand: { v: 1, features: [] } },
    }),
  });
  const { wsUrl } = (await registered.json()) as { wsUrl: string };
  const socket = new WebSocket(wsUrl, { headers: device, perMessageDeflate: false });
  const [hello] = await once(socket, 'message');
  if (JSON.parse(String(hello)).type !== 'broker_hello') throw new Error('The broker did not say hello.');
  socket.send(
    JSON.stringify({
      type: 'device_hello',
      feed_id: randomUUID(),
      head: 0,
      consumed: [],
      default_agent_id: null,
    }),
  );
  const event = events();
  let position = 0;
  const client = { authorization: `Bearer ${token}` };
  const at = url.replace(/^http/, 'ws');
  const status = `${at}/v1/environments/${deviceId}/status/ws?farhand=1`;
  return {
    url: `${status}&agentId=${runtime.agent_id}&conversationId=${runtime.conversation_id}`,
    headers: client,
    send(texts) {
      for (const text of texts) socket.send(event(text));
      position += texts.length;
      socket.send(`{"type":"feed_mark","position":${position}}`);
    },
    unsent: () => socket.bufferedAmount,
    kept: () => replayed(status, client),
    close: () => socket.terminate(),
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
    socket.send(JSON.stringify({ type: 'sync', request_id: 'all', runtime, after_event_seq: 0 }));
  });
  socket.terminate();
  return head;
}

const QUIET_MS = 300;
const runtime = { agent_id: 'agent-bench', conversation_id: 'conv-bench' };

/** Makes the events of one conversation, as a Farhand device writes them. */
function events(): (content: string) => string {
  const log = randomUUID();
  let seq = 0;
  const now = new Date().toISOString();
  return (content) => {
    seq++;
    return JSON.stringify({
      type: 'stream_delta',
      runtime,
      delta: {
        type: 'message',
        id: 'msg-01K00000000000000000000000',
        date: now,
        message_type: 'assistant_message',
        content,
        run_id: 'run-01K00000000000000000000000',
      },
      event_seq: seq,
      emitted_at: now,
      idempotency_key: `stream_delta:${log}:${seq}`,
    });
  };
}
