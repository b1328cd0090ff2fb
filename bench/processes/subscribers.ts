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
  /** Frames that each of them gets after it was opened; 0: they stay idle until the next job. */
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
  let missing = subscribers;
  let greetings = Number.POSITIVE_INFINITY;
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
  const subscriber = (n: number) => {
    let isDone = frames === 0;
    const counted = (count: number) => {
      if (isDone || count < frames + greetings) return;
      isDone = true;
      missing--;
      if (missing === 0) say({ done: performance.timeOrigin + performance.now(), seq, wrong, ages });
    };
    return rawSubscriber({ url, ...(headers && { headers }) }, { counted, ...(n === 0 && { read }) });
  };
  for (let n = 0; n < subscribers; n += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, subscribers - n) }, (_, k) => subscriber(n + k));
    open.push(...(await Promise.all(batch)));
  }
  await pause(GREETING_MS);
  greetings = open[0]?.count() ?? 0;
  say({ open: subscribers });
}

process.stdin.once('close', () => process.exit(0));
createInterface({ input: process.stdin }).on('line', (line) => {
  void work(JSON.parse(line) as Job).catch((error: Error) => say({ failed: error.message }));
});
say({ ready: true });
