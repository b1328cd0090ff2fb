import { setTimeout as pause } from 'node:timers/promises';
import type { Owner } from '../home/owner.ts';
import { type Io, note } from '../program/io.ts';
import { callLine } from '../show/tool-call.ts';
import type { Attached } from './attach.ts';
import { hearInterrupts } from './interrupts.ts';

const lookEveryMs = 50;

type Leaving = Pick<Attached, 'member'> & Partial<Pick<Attached, 'client'>>;

/**
 * Hands the home over, or says what stays. A tool that runs is waited for, since no other process can go on with it; Ctrl-C, or
 * `hurried`, cuts it off, and the conversation will say that it may have run.
 */
export async function leave({ client, member }: Leaving, io: Io, hurried: AbortSignal): Promise<void> {
  const owner = member?.owner;
  if (owner) {
    const interrupts = hearInterrupts(io);
    await toolsEnded(owner, io, AbortSignal.any([hurried, interrupts.first]));
    interrupts.stop();
    for (const line of leftBehind(owner)) note(io, line);
  }
  client?.close();
  await member?.leave();
}

async function toolsEnded(owner: Owner, io: Io, hurried: AbortSignal): Promise<void> {
  const running = runningCalls(owner);
  if (running.length === 0 || hurried.aborted) return;
  note(
    io,
    `Waiting for ${running.join(', ')} to end. Ctrl-C leaves at once and stops it: it may then have run in part.`,
  );
  while (runningCalls(owner).length > 0 && !hurried.aborted) await pause(lookEveryMs);
}

const conversations = (owner: Owner) => owner.device.conversations.opened().map(({ state }) => state);

const runningCalls = (owner: Owner): string[] =>
  conversations(owner).flatMap(({ turn }) =>
    (turn?.calls ?? [])
      .filter(({ status }) => status === 'running')
      .map(({ name, input }) => callLine(name, input)),
  );

/** Where nobody else is attached, what was going on waits for the next start. */
function leftBehind(owner: Owner): string[] {
  if (owner.guests() > 0) return [];
  const turns = conversations(owner).flatMap(({ turn }) => turn ?? []);
  const asked = turns.filter(({ calls }) => calls.some(({ status }) => status === 'asked'));
  const others = turns.length - asked.length;
  return [
    ...(asked.length > 0
      ? [`${counted(asked.length, 'approval waits', 'approvals wait')}: farhand approvals ls`]
      : []),
    ...(others > 0
      ? [`${counted(others, 'turn is', 'turns are')} unfinished and will go on when farhand runs again.`]
      : []),
  ];
}

const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
