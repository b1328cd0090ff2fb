import type { Frame } from '../frames.ts';
import { fields, list, text } from './loose.ts';
import type { Shown, Step, Waiting } from './shown.ts';

/** As many as a queue can have (QUE-1). */
const MOST = 300;

/** The queue events of the first documents, from what is new in a queue and what is gone (protocol reference 4.2). */
export const queueEvents: Step = (shown, frame) => {
  if (frame.type !== 'update_queue') return [shown, []];
  // What waits at a broker is not in the device's queue yet: `status` tells of it.
  const queue = list(frame.queue)
    .slice(0, MOST)
    .flatMap((item) => (isParked(item) ? [] : [waiting(item)]));
  // A queue that is seen for the first time is how things are, unless it is told as something that happened.
  const before = shown.queue ?? (frame.snapshot === true ? queue : []);
  const gone = [...shown.leaving, ...before.filter(({ id }) => !queue.some((item) => item.id === id))];
  const how = departures(frame);
  const leaving = gone.filter((item) => how(item) === null).slice(-MOST);
  const { runtime } = frame;
  const told = [
    ...left(
      gone.filter((item) => how(item) === 'dequeued'),
      gone.filter((item) => how(item) === 'cancelled'),
      queue.length,
    ),
    ...entered(before, queue, shown),
  ];
  return [{ ...shown, queue, leaving }, told.map(({ type, ...body }) => ({ type, runtime, ...body }))];
};

/** How an item left: `removed` says so, at once or in a later frame; a device of 0.25 never says, and never cancels one alone. */
function departures({ removed }: Frame): (item: Waiting) => 'dequeued' | 'cancelled' | null {
  if (!Array.isArray(removed)) return () => 'dequeued';
  const how = new Map(removed.map(fields).map((one) => [one.client_message_id, one.disposition]));
  return ({ client_message_id }) => {
    const disposition = how.get(client_message_id);
    return disposition === 'dequeued' || disposition === 'cancelled' ? disposition : null;
  };
}

function left(worked: readonly Waiting[], dropped: readonly Waiting[], queue_len: number): Frame[] {
  const [first] = worked;
  const batch: Frame[] = first
    ? [
        {
          type: 'queue_batch_dequeued',
          batch_id: `batch-${first.id}`,
          item_ids: worked.map(({ id }) => id),
          merged_count: worked.length,
          queue_len_after: queue_len,
        },
      ]
    : [];
  if (dropped.length > 1 && queue_len === 0)
    return [...batch, { type: 'queue_cleared', reason: 'cancelled', cleared_count: dropped.length }];
  const drops = dropped.map(({ id }) => ({
    type: 'queue_item_dropped',
    item_id: id,
    reason: 'cancelled',
    queue_len,
  }));
  return [...batch, ...drops];
}

function entered(before: readonly Waiting[], now: readonly Waiting[], { loop }: Shown): Frame[] {
  const isNew = ({ id }: Waiting) => !before.some((item) => item.id === id);
  const enqueued = now.flatMap((item, index): Frame[] => {
    const { id, client_message_id, source, kind } = item;
    const queue_len = before.length === 0 ? index + 1 : now.length;
    return isNew(item)
      ? [{ type: 'queue_item_enqueued', item_id: id, client_message_id, source, kind, queue_len }]
      : [];
  });
  const parked = now.some(
    (item) => item.paused && !before.some((known) => known.id === item.id && known.paused),
  );
  const reason = parked ? 'paused_by_user' : blockedBy(loop);
  if (reason === null || (enqueued.length === 0 && !parked)) return enqueued;
  return [...enqueued, { type: 'queue_blocked', reason, queue_len: now.length }];
}

/** What keeps the queue waiting while the loop does this; null where it is about to go on. */
function blockedBy(loop: string | null): string | null {
  switch (loop) {
    case null:
    case 'WAITING_ON_INPUT':
      return null;
    case 'WAITING_ON_APPROVAL':
      return 'pending_approvals';
    case 'PROCESSING_API_RESPONSE':
      return 'streaming';
    case 'EXECUTING_COMMAND':
      return 'command_running';
    default:
      return 'runtime_busy';
  }
}

const isParked = (value: unknown): boolean => fields(value).parked === true;

function waiting(value: unknown): Waiting {
  const { id, client_message_id, source, kind, paused } = fields(value);
  return {
    id: text(id) ?? '',
    client_message_id: text(client_message_id) ?? '',
    source: text(source) ?? 'user',
    kind: text(kind) ?? 'message',
    paused: paused === true,
  };
}
