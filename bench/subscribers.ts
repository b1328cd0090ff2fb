import type { Arrived, Job, Said } from './processes/subscribers.ts';
import { startTalkingChild } from './talking-child.ts';

export type Subscribers = {
  /** Opens them, replacing those before. Resolves when all are there. */
  open(job: Job): Promise<void>;
  /** Resolves when every subscriber has every frame. @throws Error when the first of them got them in another order. */
  arrived(): Promise<Arrived>;
  stop(): Promise<void>;
};

/** A process that holds the subscribers, so that what they cost is not the relay's. */
export function startSubscribers(): Subscribers {
  const child = startTalkingChild<Job, Said>('subscribers');
  return {
    async open(job) {
      child.tell(job);
      await child.next(`opening ${job.subscribers} subscribers`, ({ open }) => open !== undefined);
    },
    async arrived() {
      const { arrived } = await child.next('the relay', (said) => said.arrived !== undefined);
      if (!arrived || arrived.wrong) throw new Error(`The frames came in another order: ${arrived?.wrong}.`);
      return arrived;
    },
    stop: child.stop,
  };
}
