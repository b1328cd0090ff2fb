import type { Hub } from '../hub/hub.ts';
import type { Clock } from '../link/clock.ts';
import type { DeviceLink } from './device-link.ts';
import type { Inbox } from './inbox.ts';
import type { Mirror } from './mirror.ts';
import type { Observed } from './registry.ts';

export type StationOptions = {
  readonly mirror: Mirror;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly version: string;
  /** A fresh ULID. */
  mint(): string;
  /** What the device's frames tell about it. */
  observed(seen: Observed): void;
  /** A sign of life of the device. */
  heartbeat(): void;
  /** What nobody asked about: a device that breaks the protocol, a store that fails. */
  trouble(what: string, error: unknown): void;
};

/**
 * One device at this broker, there or not: its clients' hub, its link while it has one, and what waits for it while it has none. To the
 * hub it looks like a device that always answers.
 */
export interface Station {
  readonly hub: Hub;
  readonly online: boolean;
  /** A new link takes the place of the old one (REG-7). */
  connect(link: DeviceLink): void;
  /** Ends the link and every client's session. */
  close(code: number, reason: string): void;
}
