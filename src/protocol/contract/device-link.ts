import * as z from 'zod';
import { push } from '../builders.ts';
import { id } from '../shapes.ts';

const onLink = { audience: 'link', privilege: 'observe', redact: [], since: 'farhand' } as const;
const position = z.number().int().min(0);

/** What a device and a broker that both know the extensions say to each other about their link. */
export const deviceLinkPushes = {
  broker_hello: push({
    ...onLink,
    summary: 'A broker says first how far it has heard a device, and which inbox it delivers from.',
    body: z.looseObject({
      /** The feed that `have` is a place in; null where the broker has never heard this device. */
      feed_id: id.nullable(),
      have: position,
      inbox_id: id,
      /** The lowest position that may still be delivered: what lies before it may be forgotten. */
      first: position,
    }),
  }),
  device_hello: push({
    ...onLink,
    summary: 'A device answers with its feed, and with what it has taken of that inbox.',
    body: z.looseObject({
      feed_id: id,
      head: position,
      /** Positions from `first` on whose commands are committed. */
      consumed: z.array(position),
      default_agent_id: z.string().nullable(),
    }),
  }),
  feed_mark: push({
    ...onLink,
    summary: 'A device has told every event up to that place in its feed.',
    body: z.looseObject({ position }),
  }),
  device_presence: push({
    ...onLink,
    summary: 'A broker tells whether the device is there, since when, and its last sign of life.',
    body: z.looseObject({
      online: z.boolean(),
      since: z.number(),
      last_seen: z.number().nullable(),
      connection_id: z.string().nullable(),
      connection_name: z.string().nullable(),
    }),
    audience: 'privilege',
  }),
};
