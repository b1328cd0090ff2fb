import { describe, expect, it } from 'vitest';
import type { DialFailure } from '../../link/dial-failure.ts';
import { memoryPair } from '../../link/memory.ts';
import type { Pipe } from '../../link/pipe.ts';
import { virtualClock } from '../../link/virtual-clock.ts';
import { failure } from '../../protocol/errors.ts';
import { type EmbeddedOptions, embed } from './embedded.ts';

const lease = { connectionId: 'conn-1', environmentId: 'env-1', token: null };

function stand(more: Partial<EmbeddedOptions['broker']> = {}) {
  const clock = virtualClock();
  const attached: Pipe[] = [];
  const trouble: string[] = [];
  const asked: ((result: Pipe | DialFailure) => void)[] = [];
  const embedded = embed({
    broker: {
      enrol: () => lease,
      attach(_lease, pipe) {
        attached.push(pipe);
        pipe.listen({ message: () => undefined, closed: () => undefined });
      },
      ...more,
    },
    member: { open: () => new Promise((resolve) => asked.push(resolve)) },
    identity: { deviceId: 'device-1', listenerInstanceId: 'server-1' },
    name: 'desk',
    metadata: {},
    clock,
    random: () => 0,
    trouble: (message) => trouble.push(message),
  });
  return { clock, embedded, attached, trouble, asked };
}

describe('the runtime inside the broker', () => {
  it('is ready when it is attached, and attached again whenever its owner has changed', async () => {
    const { clock, embedded, attached, trouble, asked } = stand();
    if ('code' in embedded) throw new Error(embedded.message);
    let isReady = false;
    void embedded.ready.then(() => {
      isReady = true;
    });
    await clock.advance(0);
    expect([isReady, attached.length]).toEqual([false, 0]);
    const [near] = memoryPair();
    asked[0]?.(near);
    await clock.advance(0);
    expect([isReady, attached.length]).toEqual([true, 1]);
    near.close(1012, 'the owner left');
    await clock.advance(0);
    asked[1]?.({ kind: 'refused', message: 'nobody listens' });
    await clock.advance(1_000);
    expect(trouble).toEqual(['nobody runs this home: nobody listens']);
    asked[2]?.(memoryPair()[0]);
    await clock.advance(0);
    expect(attached).toHaveLength(2);
    embedded.stop();
    await clock.advance(60_000);
    expect(asked).toHaveLength(3);
  });

  it('is told that its device belongs to another token', () => {
    const taken = failure('forbidden', 'taken') as { code: 'forbidden'; message: string };
    expect(stand({ enrol: () => taken }).embedded).toEqual(taken);
  });
});
