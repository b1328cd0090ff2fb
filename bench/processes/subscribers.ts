// Many subscribers in one process, as cheap as they can be. It is told what to open and how many frames to wait for, and says when all
// of them have come; the first subscriber reads them and checks their order.
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs, sinceMs } from '../moment.ts';
import { clientFrame, type RawSocket, rawSocket, type Target } from '../raw-socket.ts';
import { workJobs } from '../talking-child.ts';

export type Job = Target & {
  readonly subscribers: number;
  /** Events that each of them gets after it was opened; 0: they stay idle until the next job. */
  readonly frames: number;
};

export type Said = {
  readonly open?: number;
  readonly arrived?: Arrived;
  readonly failed?: string;
};

export type Arrived = {
  /** When the last subscriber had the last frame, see `nowMs`. */
  readonly done: number;
  /** Milliseconds that each frame took to the first subscriber, for frames that say when they were written. */
  readonly ages: readonly number[];
  /** How the first subscriber got them in another order; empty: in theirs. */
  readonly wrong: string;
};

/** A queue of a listener holds no more. */
const AT_ONCE = 50;
/** What a server says of itself when a subscriber comes has come by then. */
const GREETING_MS = 300;

const open: RawSocket[] = [];
const hello = clientFrame('{"type":"client_hello"}');

workJobs<Job, Said>(async ({ url, headers, subscribers, frames }, say) => {
  for (const { socket } of open.splice(0)) socket.destroy();
  const ages: number[] = [];
  let seq = 0;
  let wrong = '';
  const read = (text: string) => {
    const found = /"event_seq":(\d+)/.exec(text)?.[1];
    if (found === undefined) return;
    seq++;
    if (Number(found) !== seq) wrong ||= `event ${found} came as number ${seq}`;
    const moment = /"content":"(\d+) /.exec(text)?.[1];
    if (moment) ages.push(sinceMs(moment));
  };
  // All are sent the same bytes, so whoever has as many as the first one has all of it.
  const greetings: number[] = [];
  let missing = subscribers - 1;
  const isDone: boolean[] = [];
  const settle = () => {
    if (frames === 0 || seq < frames || missing > 0) return;
    say({ arrived: { done: nowMs(), wrong, ages } });
    seq = Number.NEGATIVE_INFINITY;
  };
  let wanted = Number.POSITIVE_INFINITY;
  const came = (n: number, bytes: number) => {
    if (n === 0) {
      if (frames === 0 || seq < frames) return;
      wanted = bytes - (greetings[0] ?? 0);
      for (const [other, { bytes: has }] of open.entries()) if (other > 0) came(other, has());
      return settle();
    }
    if (isDone[n] || bytes - (greetings[n] ?? 0) < wanted) return;
    isDone[n] = true;
    missing--;
    settle();
  };
  const subscriber = async (n: number) => {
    const told = { came: (bytes: number) => came(n, bytes), ...(n === 0 && { read }) };
    const raw = await rawSocket({ url, ...(headers && { headers }) }, told);
    raw.socket.write(hello);
    return raw;
  };
  for (let n = 0; n < subscribers; n += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, subscribers - n) }, (_, k) => subscriber(n + k));
    open.push(...(await Promise.all(batch)));
  }
  await pause(GREETING_MS);
  for (const [n, { bytes }] of open.entries()) greetings[n] = bytes();
  say({ open: subscribers });
});
