import type { Clock } from '../../link/clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { checkPush } from '../../protocol/validate.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Feed } from '../store/mirror.ts';

/** What a device says when it is greeted. */
export type Hello = {
  readonly feedId: string;
  readonly head: number;
  /** Positions of this broker's inbox whose commands the device has committed. */
  readonly consumed: ReadonlySet<number>;
  readonly defaultAgentId: string | null;
};

const helloMs = 15_000;

export const brokerHello = ({ feedId, have }: Feed, inbox: Pick<Inbox, 'id' | 'first'>): Frame => ({
  type: 'broker_hello',
  feed_id: feedId,
  have,
  inbox_id: inbox.id,
  first: inbox.first(),
});

/** A hello, or in words what is wrong with it. */
export function readHello(frame: Frame): Hello | string {
  const checked = checkPush(frame);
  if (!checked.ok) return checked.failure.message;
  const { feed_id, head, consumed, default_agent_id } = frame as DeviceHello;
  return { feedId: feed_id, head, consumed: new Set(consumed), defaultAgentId: default_agent_id };
}

type DeviceHello = Frame & {
  readonly feed_id: string;
  readonly head: number;
  readonly consumed: readonly number[];
  readonly default_agent_id: string | null;
};

/** [SEQ-4] Whether a device's feed goes on behind what was mirrored; else it is told, and kept, from its beginning. */
export const goesOn = ({ feedId, have }: Feed, hello: Hello): boolean =>
  feedId === hello.feedId && have <= hello.head;

export type Greeting = {
  /** The device's first words, or its second. */
  hear(frame: Frame): void;
  stop(): void;
};

/** Waits for one hello and for nothing else; whatever comes instead of it, or no word in 15 s, is refused. */
export function greet(
  clock: Clock,
  on: { ready(hello: Hello): void; refused(reason: string): void },
): Greeting {
  let over = false;
  const end = (then: () => void): void => {
    if (over) return;
    over = true;
    timer.cancel();
    then();
  };
  const refuse = (reason: string): void => end(() => on.refused(reason));
  const timer = clock.after(helloMs, () => refuse(`no device_hello came within ${helloMs / 1000} s`));
  return {
    hear(frame) {
      if (frame.type !== 'device_hello') return refuse('device_hello must be the first frame');
      const hello = readHello(frame);
      if (typeof hello === 'string') refuse(hello);
      else end(() => on.ready(hello));
    },
    stop: () => end(() => undefined),
  };
}
