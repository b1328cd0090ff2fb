import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { Delivery } from './delivery.ts';
import type { DeskOptions } from './desk.ts';
import { Handover } from './handover.ts';
import type { LinkSession } from './link-session.ts';
import type { Settling } from './settling.ts';

/** The way of what waited to a device that is there; `recorded`: it keeps a record of what it takes. */
export function outgoing(
  link: LinkSession,
  recorded: boolean,
  { inbox, clock, say, trouble }: DeskOptions,
  settling: Settling,
): Delivery | Handover {
  const way = {
    clock,
    settling,
    ready: () => link.link.pipe.unsent < limits.unsent,
    send: (frame: Frame) => link.send(frame),
  };
  return recorded
    ? new Delivery({
        ...way,
        failed: (error) => trouble('what waits for the device could not be kept', error),
      })
    : new Handover({ ...way, inbox, say });
}
