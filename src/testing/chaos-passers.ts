import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { memoryOutbox } from '../client/outbox.ts';
import type { Clock } from '../link/clock.ts';
import type { Scope } from '../protocol/shapes.ts';
import type { Connect } from './chaos-client.ts';

/** Those who come and go while the schedule runs. */
export type Passers = {
  /** Client processes that die after they have put a message into their outbox; each has a successor on the same outbox. */
  readonly senders?: readonly { readonly afterMs: number; readonly livesMs: number }[];
  /** Clients that go for good as soon as they are told that their message was taken; they wait a little for a device that is away. */
  readonly leavers?: readonly { readonly afterMs: number; readonly patienceMs: number }[];
  /** Clients that come later, and hear everything from the beginning. */
  readonly guests?: readonly { readonly afterMs: number }[];
  /** What processes of others send to a conversation. */
  strangers?(scope: Scope): readonly Strange[];
};
/** A message that another process sends, and sees to until its device has it. */
export type Strange = { readonly key: string; readonly delivered: Promise<void> };

export type PasserOptions = {
  /** The conversation that they send to. */
  readonly scope: Scope;
  readonly clock: Clock;
  readonly connect: Connect;
  /** From now on a message has to meet its fate. */
  owe(key: string): void;
  guest(): void;
  /** A client that stays. */
  stays(client: Client): void;
  note(what: string): void;
  /** A client has died and left something in its outbox. */
  died(): void;
};

/** Resolves when all of them have come and gone. */
export async function passBy(passers: Passers, options: PasserOptions): Promise<void> {
  const { senders = [], leavers = [], guests = [], strangers = () => [] } = passers;
  await Promise.all([
    ...senders.map((plan, n) => send(plan, `cm-mortal-${n}`, options)),
    ...leavers.map((plan, n) => leave(plan, `cm-left-${n}`, options)),
    ...guests.map(({ afterMs }) => pause(afterMs).then(options.guest)),
    ...strangers(options.scope).map(({ key, delivered }) => delivered.then(() => options.owe(key))),
  ]);
}

const text = '#script=talk';

/** [IN-6] The successor says nothing of the message: it is in the outbox, or somebody else has it. */
async function send(
  { afterMs, livesMs }: { readonly afterMs: number; readonly livesMs: number },
  key: string,
  { scope, clock, connect, owe, stays, note, died }: PasserOptions,
): Promise<void> {
  const outbox = memoryOutbox();
  const options = { clock, outbox, random: () => 0 };
  await pause(afterMs);
  const first = connect(options);
  const put = first.send(scope, text, { client_message_id: key });
  await pause(livesMs);
  first.close();
  const told = await put;
  const left = (await outbox.all()).length > 0;
  // A full disk takes nothing, and its sender was told so while it lived.
  const isRefused = !left && !told.ok && told.failure.code === 'store_full';
  if (!isRefused) owe(key);
  note(`a client dies with ${key} ${left ? 'in' : 'out of'} its outbox`);
  if (left) died();
  stays(connect(options));
}

/** One that knows no receipts: the reply is all that it waits for. */
async function leave(
  { afterMs, patienceMs }: { readonly afterMs: number; readonly patienceMs: number },
  key: string,
  { scope, clock, connect, owe, note }: PasserOptions,
): Promise<void> {
  await pause(afterMs);
  const client = connect({ clock, random: () => 0 });
  const deadline = performance.now() + patienceMs;
  while (client.state().device.online !== false && performance.now() < deadline) await pause(2);
  const messages = [{ role: 'user' as const, content: text, client_message_id: key }];
  const told = await client.call('input', {
    runtime: scope,
    payload: { kind: 'create_message', messages },
  });
  client.close();
  if (!told.ok) return;
  note(`${key} was taken, and its client goes`);
  owe(key);
}
