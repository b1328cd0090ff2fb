// Many subscribers in one process, as cheap as they can be. It is told by JSON lines what to open and how many frames to wait for, and
// says when all of them have come; the first subscriber reads them and checks their order.
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { sinceMs } from '../moment.ts';
import { type RawSubscriber, rawSubscriber } from '../raw-subscriber.ts';

export type Job = {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly subscribers: number;
  /** Events that each of them gets after it was opened; 0: they stay idle until the next job. */
  readonly frames: number;
};

/** A queue of a listener holds no more. */
const AT_ONCE = 50;
/** What a server says of itself when a subscriber comes has come by then. */
const GREETING_MS = 300;

const open: RawSubscriber[] = [];
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function work({ url, headers, subscribers, frames }: Job): Promise<void> {
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
    say({ done: performance.timeOrigin + performance.now(), seq, wrong, ages });
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
  const subscriber = (n: number) => {
    const told = { came: (bytes: number) => came(n, bytes), ...(n === 0 && { read }) };
    return rawSubscriber({ url, ...(headers && { headers }) }, told);
  };
  for (let n = 0; n < subscribers; n += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, subscribers - n) }, (_, k) => subscriber(n + k));
    open.push(...(await Promise.all(batch)));
  }
  await pause(GREETING_MS);
  for (const [n, { bytes }] of open.entries()) greetings[n] = bytes();
  say({ open: subscribers });
}

process.stdin.once('close', () => process.exit(0));
createInterface({ input: process.stdin }).on('line', (line) => {
  void work(JSON.parse(line) as Job).catch((error: Error) => say({ failed: error.message }));
});
say({ ready: true });
