import type { Frame } from '../../protocol/frames.ts';
import { okReply } from '../../protocol/reply.ts';
import type { Inbox } from '../store/inbox.ts';
import { stamped } from './away.ts';
import { parkedItem, scopeIn } from './parking.ts';
import type { Settling } from './settling.ts';

export type TakingBack = {
  readonly inbox: Inbox;
  readonly settling: Settling;
  say(frame: Frame): void;
};

/** A person takes back what waits for a device that is away. False where it does not wait, or the device may have it. */
export function takeBack(frame: Frame, { inbox, settling, say }: TakingBack): boolean {
  const scope = frame.type === 'remove_queue_item' ? scopeIn(frame) : null;
  const entry = scope && parkedItem(frame.item_id, inbox.of(scope));
  if (!entry || settling.doubtful.has(entry.position)) return false;
  settling.end(entry, 'cancelled', null);
  say(okReply('remove_queue_item', stamped(frame), { item_id: frame.item_id }));
  return true;
}
