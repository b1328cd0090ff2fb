// A device that tells the events of one conversation, at a cost as small as can be: where speed is measured they are made and masked
// beforehand, and leave in large pieces.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs, nowText } from '../moment.ts';
import { clientFrame, type RawSocket, rawSocket, type Target } from '../raw-socket.ts';
import { workJobs } from '../talking-child.ts';

export type Link = Target & {
  /** The relay is one that greets, wants to be greeted, and is told where in the feed it stands. */
  readonly greets: boolean;
};

export type DeviceJob =
  /** Takes the place of the link before. */
  | { readonly link: Link }
  /** So many events, as fast as they go. */
  | { readonly flood: number }
  /** So many events, so many a second; each tells the moment when it was made. */
  | { readonly pace: number; readonly perSecond: number };

export type DeviceSaid = {
  readonly linked?: true;
  /** When the first event was sent, see `nowMs`. */
  readonly began?: number;
  readonly paced?: true;
  readonly failed?: string;
};

export const scope = { agent_id: 'agent-bench', conversation_id: 'conv-bench' } as const;

/** Events that leave in one piece. */
const AT_ONCE = 100;

let raw: RawSocket | null = null;
let greets = false;
let log = '';
let seq = 0;

async function open(link: Link): Promise<void> {
  raw?.socket.destroy();
  ({ greets } = link);
  log = randomUUID();
  seq = 0;
  const greeted = Promise.withResolvers<void>();
  raw = await rawSocket(link, { read: () => greeted.resolve() });
  if (!greets) return;
  await greeted.promise;
  const hello = { feed_id: log, head: 0, consumed: [], default_agent_id: null };
  raw.socket.write(clientFrame(JSON.stringify({ type: 'device_hello', ...hello })));
}

/** An event as a Farhand device writes it. */
function event(content: string): Buffer {
  seq++;
  return clientFrame(
    JSON.stringify({
      type: 'stream_delta',
      runtime: scope,
      delta: {
        type: 'message',
        id: 'msg-01K00000000000000000000000',
        date: '2026-01-01T00:00:00.000Z',
        message_type: 'assistant_message',
        content,
        run_id: 'run-01K00000000000000000000000',
      },
      event_seq: seq,
      emitted_at: '2026-01-01T00:00:00.000Z',
      idempotency_key: `stream_delta:${log}:${seq}`,
    }),
  );
}

/** Of so many events in one piece, with the place in the feed behind them where that is told. */
function piece(count: number, content: () => string): Buffer {
  const frames = Array.from({ length: count }, () => event(content()));
  if (greets) frames.push(clientFrame(`{"type":"feed_mark","position":${seq}}`));
  return Buffer.concat(frames);
}

async function flood(socket: Socket, count: number): Promise<number> {
  const pieces: Buffer[] = [];
  for (let left = count; left > 0; left -= AT_ONCE)
    pieces.push(piece(Math.min(left, AT_ONCE), () => `word ${seq} of a reply`));
  const began = nowMs();
  for (const one of pieces) if (!socket.write(one)) await once(socket, 'drain');
  return began;
}

async function pace(socket: Socket, count: number, perSecond: number): Promise<void> {
  const start = performance.now();
  for (let sent = 0; sent < count; await pause(1)) {
    const due = Math.min(count, Math.floor(((performance.now() - start) * perSecond) / 1_000));
    if (due > sent) socket.write(piece(due - sent, () => `${nowText()} `));
    sent = due;
  }
}

workJobs<DeviceJob, DeviceSaid>(async (job, say) => {
  if ('link' in job) {
    await open(job.link);
    return say({ linked: true });
  }
  if (!raw) throw new Error('the device has no link');
  if ('flood' in job) return say({ began: await flood(raw.socket, job.flood) });
  await pace(raw.socket, job.pace, job.perSecond);
  say({ paced: true });
});
