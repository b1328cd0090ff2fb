import type { Clock } from '../../link/clock.ts';
import type { Frame } from '../../protocol/frames.ts';

/** A frame of a device as this broker understands it; `text` where it is the frame just as it came, whose bytes can be passed on. */
export type Heard = { readonly frame: Frame; readonly text?: string };

/**
 * What one generation of devices says and understands, made for one link. Everything behind it is the contract: replies of the declared
 * type to every command that has one, events with a `log_id` and dense numbers. So for a device that does not answer an `input` it
 * makes the `input_accepted` at the first sign that the input arrived (IN-5).
 */
export type DeviceDialect = {
  /** A stamped command, as that device is to hear it; nothing where it would not understand. */
  toDevice(frame: Frame): readonly Frame[];
  /** What the device said; nothing where it says nothing to this broker or its clients. */
  fromDevice(frame: Frame, text: string): readonly Heard[];
  /** The link has ended. */
  close(): void;
};

export type DialectContext = {
  readonly connectionId: string;
  readonly clock: Clock;
  /** What the dialect says for the device on its own account: an answer after a wait, or to a command that the device does not know. */
  hear(heard: Heard): void;
};

/** Devices of this project say what the contract says. */
export const identity: DeviceDialect = {
  toDevice: (frame) => [frame],
  fromDevice: (frame, text) => [{ frame, text }],
  close: () => undefined,
};
