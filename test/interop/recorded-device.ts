import { onTestFinished } from 'vitest';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dial } from '../../src/link/node/websocket.ts';
import type { Pipe } from '../../src/link/pipe.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import type { BrokerStand } from './broker-stand.ts';

/** A device that registers and dials as Letta Code 0.32 does, and says what a recording has. */
export type RecordedDevice = {
  readonly deviceId: string;
  /** Commands that came and were not asked for by `next` yet. */
  readonly commands: readonly Frame[];
  next(): Frame | undefined;
  /** Called whenever a command comes. */
  onCommand(listener: () => void): void;
  /** On one of its sockets; with a single one on that. */
  send(frame: Frame, socket: string): void;
  /** Loses its link and opens it again under the same lease. */
  dialAgain(): Promise<void>;
};

const deviceId = 'device-recorded';

export async function recordedDevice(broker: BrokerStand): Promise<RecordedDevice> {
  const headers = { authorization: `Bearer ${broker.deviceToken}`, 'content-type': 'application/json' };
  const metadata = {
    lettaCodeVersion: '0.32.18',
    os: 'linux',
    nodeVersion: 'v22.19.0',
    environmentMessageProtocol: 'v2-input',
    supportsPairedListenerGenerations: true,
    supported_commands: ['clear', 'compact'],
  };
  const body = {
    deviceId,
    listenerInstanceId: 'server-0123456789abcdef',
    connectionName: 'recorded',
    metadata,
  };
  const answer = await fetch(`${broker.url}//v1/environments/register`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const lease = (await answer.json()) as { wsUrl: string; supportsSplitStatusChannels?: boolean };
  const channels = lease.supportsSplitStatusChannels ? ['control', 'stream'] : [null];
  const sockets = new Map<string | null, Pipe>();
  const commands: Frame[] = [];
  let listener = (): void => undefined;

  async function open(channel: string | null): Promise<void> {
    const url = new URL(lease.wsUrl);
    url.searchParams.set('deviceId', deviceId);
    url.searchParams.set('connectionName', 'recorded');
    if (channel !== null) url.searchParams.set('channel', channel);
    const pipe = await dial(url.href, { headers: { authorization: headers.authorization } });
    if (isDialFailure(pipe)) throw new Error(pipe.message);
    onTestFinished(() => pipe.close());
    pipe.listen({
      message(text) {
        const frame = JSON.parse(text) as Frame;
        if (frame.type === 'pong') return;
        commands.push(frame);
        listener();
      },
      closed: () => undefined,
    });
    sockets.set(channel, pipe);
  }
  const openAll = async (): Promise<void> => {
    for (const channel of channels) await open(channel);
  };
  await openAll();

  return {
    deviceId,
    commands,
    next: () => commands.shift(),
    onCommand(told) {
      listener = told;
    },
    send(frame, socket) {
      const pipe = sockets.get(socket) ?? sockets.get('control') ?? sockets.get(null);
      pipe?.send(JSON.stringify(frame));
    },
    async dialAgain() {
      const lines = broker.log.length;
      for (const pipe of sockets.values()) pipe.close(1006);
      await broker.logged(({ event }) => event === 'device_offline', lines);
      await openAll();
      await broker.logged(({ event }) => event === 'device_online', lines);
    },
  };
}
