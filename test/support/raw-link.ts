import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Frame } from '../../src/protocol/frames.ts';
import type { Answered, BrokerProcess } from './broker-process.ts';

/** A device's end of a link that says what it is told to, byte by byte. */
export type RawLink = {
  readonly socket: WebSocket;
  readonly heard: readonly Frame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  send(what: object | string | Buffer, options?: { readonly binary?: boolean; readonly fin?: boolean }): void;
  /** Resolves when everything sent so far has left this process. */
  flushed(): Promise<void>;
  /** The first frame of that type. */
  until(type: string): Promise<Frame>;
};

/** What a device says at registration about what it speaks. */
export const metadataOf = {
  farhand: { farhand: { v: 1, features: [] } },
  stock: { lettaCodeVersion: '0.32.18' },
  'stock-0.25': { lettaCodeVersion: '0.25.9' },
} as const;
export type Speaks = keyof typeof metadataOf;

export const register = (
  broker: BrokerProcess,
  token: string,
  deviceId: string,
  speaks: Speaks = 'farhand',
): Promise<Answered> =>
  broker.ask('POST', '/v1/environments/register', token, {
    deviceId,
    connectionName: deviceId,
    metadata: metadataOf[speaks],
  });

export async function openLink(
  broker: BrokerProcess,
  token: string,
  connectionId: unknown,
): Promise<RawLink> {
  const socket = openSocket(broker, token, `/v1/environments/${connectionId}/device/ws`);
  const heard: Frame[] = [];
  const looking = new Set<() => void>();
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)) as Frame);
    for (const look of [...looking]) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  // The broker may end a link in the middle of what it is sent.
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), closed]);
  return {
    socket,
    heard,
    closed,
    send(what, options = {}) {
      const data = typeof what === 'string' || Buffer.isBuffer(what) ? what : JSON.stringify(what);
      socket.send(data, { binary: false, ...options }, () => undefined);
    },
    flushed: () =>
      new Promise((resolve) => {
        socket.ping(undefined, undefined, () => resolve());
      }),
    until: (type) =>
      new Promise((resolve, reject) => {
        void closed.then(({ code }) =>
          reject(new Error(`The link was closed with ${code} before ${type} came.`)),
        );
        const look = (): void => {
          const found = heard.find((frame) => frame.type === type);
          if (!found) return;
          looking.delete(look);
          resolve(found);
        };
        looking.add(look);
        look();
      }),
  };
}

export const openSocket = ({ url }: BrokerProcess, token: string, path: string): WebSocket =>
  new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { headers: { authorization: `Bearer ${token}` } });

/** A device that is linked, and greeted where its kind is. */
export async function linkedAs(
  broker: BrokerProcess,
  token: string,
  deviceId: string,
  speaks: Speaks = 'farhand',
): Promise<RawLink & { readonly connectionId: string }> {
  const { json } = await register(broker, token, deviceId, speaks);
  const connectionId = String(json.connectionId);
  const link = await openLink(broker, token, connectionId);
  if (speaks === 'farhand') {
    await link.until('broker_hello');
    link.send(hello());
  }
  return { ...link, connectionId };
}

export const hello = (more: object = {}): object => ({
  type: 'device_hello',
  feed_id: 'feed-evil',
  head: 0,
  consumed: [],
  default_agent_id: null,
  ...more,
});
