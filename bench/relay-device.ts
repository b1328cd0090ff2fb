import type { DeviceJob, DeviceSaid, Link } from './processes/device.ts';
import { startTalkingChild } from './talking-child.ts';

export type RelayDevice = {
  /** Begins a conversation of its own at that relay, and leaves the one before. */
  link(link: Link): Promise<void>;
  /** Sends so many events as fast as they go. Resolves with the moment when the first was sent, see `nowMs`. */
  flood(events: number): Promise<number>;
  /** Sends so many events, so many a second; each tells when it was made. */
  pace(events: number, perSecond: number): Promise<void>;
  stop(): Promise<void>;
};

/** A process that is the device at either relay, so that what it costs is not theirs. */
export function startRelayDevice(): RelayDevice {
  const child = startTalkingChild<DeviceJob, DeviceSaid>('device');
  return {
    async link(link) {
      child.tell({ link });
      await child.next('the link of the device', ({ linked }) => linked === true);
    },
    async flood(events) {
      child.tell({ flood: events });
      return (await child.next('the flood', ({ began }) => began !== undefined)).began ?? Number.NaN;
    },
    async pace(events, perSecond) {
      child.tell({ pace: events, perSecond });
      await child.next('the paced events', ({ paced }) => paced === true);
    },
    stop: child.stop,
  };
}
