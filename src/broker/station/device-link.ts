import type { Pipe } from '../../link/pipe.ts';

/** A device's link to its station: a socket, two of them joined, or a pipe in memory. */
export type DeviceLink = {
  readonly pipe: Pipe;
  readonly connectionId: string;
  readonly connectionName: string;
  /**
   * `farhand`: keeps a log and takes what it is given once (`device_hello`, feed, receipts). A stock device does neither; it is served by
   * the dialect that its version needs.
   */
  readonly speaks: 'farhand' | 'stock-0.25' | 'stock';
};
