import type { Draft } from '../draft.ts';

/** Lets parked inputs go on. */
export function resumeQueue(draft: Draft): void {
  const parked = draft.state.queue.filter((item) => item.paused).length;
  draft.accept({ resumed: parked });
  if (parked === 0) return;
  draft.fact({ kind: 'queue_resumed', v: 1 });
  draft.queue();
}

/** The queue is told also when nothing was found: the asker's picture was old. */
export function removeItem(draft: Draft, id: string): void {
  const item = draft.state.queue.find((waiting) => waiting.id === id);
  if (!item) {
    draft.refuse('queue_item_not_found', `No input waits as ${id}: it was removed, or its turn has begun.`, {
      item_id: id,
    });
    return draft.queue();
  }
  draft.fact({ kind: 'input_removed', v: 1, id });
  draft.receipt(item, 'cancelled', { code: 'cancelled' });
  draft.accept({ item_id: id });
  draft.queue([item], 'cancelled');
}
