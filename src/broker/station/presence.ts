import type { Frame } from '../../protocol/frames.ts';

/** Whether a device is there, since when, and when it was last heard (milliseconds since the epoch; null: never by this process). */
export type Presence = {
  readonly online: boolean;
  readonly since: number;
  readonly lastSeen: number | null;
  /** Of the link; null while there is none. */
  readonly connectionId: string | null;
  /** Of the last link there was. */
  readonly connectionName: string | null;
};

export const presenceFrame = ({
  online,
  since,
  lastSeen,
  connectionId,
  connectionName,
}: Presence): Frame => ({
  type: 'device_presence',
  online,
  since,
  last_seen: lastSeen,
  connection_id: connectionId,
  connection_name: connectionName,
});
