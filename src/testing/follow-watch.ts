import type { Client, Cursor, Follower } from '../client/index.ts';
import type { Frame } from '../protocol/frames.ts';
import { type ClientStand, clientStand } from './client-stand.ts';

export const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
export const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});

export function standWith(events: number, options?: Parameters<typeof clientStand>[0]): ClientStand {
  const stand = clientStand(options);
  for (let n = 0; n < events; n++) stand.device.commit(scope, text(`${n}`));
  return stand;
}

/** Everything that a follower was told, in order; events by number. */
export function watch(client: Client, from?: Cursor | 'start' | 'now') {
  const story: unknown[] = [];
  const events: Frame[] = [];
  const follower: Follower = client.follow(
    scope,
    {
      event(frame) {
        events.push(frame);
        story.push(frame.event_seq);
      },
      snapshot: (frame) => story.push(frame.type),
      receipt: (frame) => story.push(`receipt ${frame.state}`),
      aside: () => story.push('aside'),
      gap: ({ from: first, to }) => story.push(`gap ${first}-${to}`),
      reset: () => story.push('reset'),
      synced: ({ verdict, after_event_seq }) => story.push(`synced ${verdict} ${after_event_seq}`),
      failed: ({ code }) => story.push(`failed ${code}`),
      online: () => story.push('online'),
      offline: () => story.push('offline'),
    },
    from,
  );
  return { follower, story, events, texts: () => events.map((frame) => JSON.stringify(frame)) };
}
