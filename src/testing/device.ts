import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyVersion } from '../core/apply.ts';
import { type Clock, systemClock } from '../link/clock.ts';
import { memoryPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Privilege } from '../protocol/privileges.ts';
import { Device } from '../runtime/device.ts';
import { ulid } from '../runtime/ulid.ts';
import { type MemoryStore, openMemoryStore } from '../store/memory.ts';
import { type MemoryHome, memoryHome } from '../store/memory-home.ts';

/** A device on a store in memory with a bare link to it; a second one on the same `disk` is what comes after a crash. */
export type TestDevice = {
  readonly device: Device;
  readonly store: MemoryStore;
  readonly disk: MemoryHome;
  /** A folder of its own, empty at first. */
  readonly cwd: string;
  /** Everything that came over the link so far. */
  readonly frames: readonly Frame[];
  /** What the device said had gone wrong inside. */
  readonly troubles: readonly unknown[];
  readonly scope: (conversation?: string) => { agent_id: string; conversation_id: string };
  send(frame: Frame): void;
  /** Sends a command under a fresh request id and waits for the frame that answers it. */
  ask(frame: Frame): Promise<Frame>;
  say(text: string, id?: string, conversation?: string): Promise<Frame>;
  /** The first frame that matches, past or coming; frames before `from` (an index into `frames`) do not count. */
  until(matches: (frame: Frame) => boolean, from?: number): Promise<Frame>;
  close(): Promise<void>;
};

export type TestDeviceOptions = {
  readonly disk?: MemoryHome;
  readonly cwd?: string;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly policy?: readonly Privilege[];
};

export function testDevice(options: TestDeviceOptions = {}): TestDevice {
  const { disk = memoryHome(), clock = systemClock, env = {} } = options;
  const folder = options.cwd ?? realpathSync(mkdtempSync(join(tmpdir(), 'farhand-test-')));
  const store = openMemoryStore({ applyVersion, home: disk });
  const troubles: unknown[] = [];
  const device = new Device({
    store,
    home: join(folder, '.home'),
    scratch: join(folder, '.home', 'scratch'),
    cwd: folder,
    version: '0.0.0-test',
    clock,
    ...(options.policy && { policy: options.policy }),
    env: { PATH: process.env.PATH, ...env },
    mint: () => ulid(clock.now()),
    trouble: (_what, error) => troubles.push(error),
    fenced: (error) => troubles.push(error),
  });
  device.start();
  const [near, far] = memoryPair();
  device.attach(far);
  const listening = record(near);
  let asked = 0;
  const scope = (conversation = 'default') => ({
    agent_id: device.defaultAgent(),
    conversation_id: conversation,
  });
  const send = (frame: Frame) => near.send(JSON.stringify(frame));
  const ask = (frame: Frame) => {
    asked += 1;
    const request_id = `ask-${asked}`;
    send({ ...frame, request_id });
    return listening.until(
      (reply) =>
        reply.request_id === request_id &&
        reply.snapshot !== true &&
        reply.type !== 'stream_delta' &&
        reply.type !== 'input_receipt',
    );
  };
  return {
    device,
    store,
    disk,
    cwd: folder,
    troubles,
    scope,
    send,
    ask,
    ...listening,
    say(text, id = `cm-${asked}`, conversation) {
      const messages = [{ role: 'user', content: text, client_message_id: id }];
      return ask({
        type: 'input',
        runtime: scope(conversation),
        payload: { kind: 'create_message', messages },
      });
    },
    async close() {
      await device.close();
      if (!options.cwd) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function record(pipe: Pipe) {
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  pipe.listen({
    message(text) {
      frames.push(JSON.parse(text) as Frame);
      for (const look of waiting) look();
    },
    closed: () => undefined,
  });
  const until = (matches: (frame: Frame) => boolean, from = 0) =>
    new Promise<Frame>((found) => {
      let next = from;
      const look = () => {
        for (; next < frames.length; next++) {
          const frame = frames[next];
          if (!frame || !matches(frame)) continue;
          waiting.delete(look);
          return found(frame);
        }
      };
      waiting.add(look);
      look();
    });
  return { frames, until };
}
