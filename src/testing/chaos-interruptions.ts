/** What a death or a lost connection can interrupt where a broker stands between a device and its people. */
export const interruptions = [
  // When the broker dies: what waits in its inbox.
  'message parked',
  'decision parked',
  'abort parked',
  /** It is durable, and nobody was told. */
  'parking',
  /** It is out to the device, which has not answered. */
  'delivery',
  /** The device has committed it, and the inbox holds it. */
  'taken',
  'command',
  /** A client was told events that the broker no longer has when it is back. */
  'mirror',
  /** Its disk is lost, with what it had parked. */
  'disk',
  /** The device is dead, or away. */
  'both',
  'away',
  // When the device's link is lost, by its death or by a cut: what is out to it.
  'link: delivery',
  'link: command',
  // When the device dies.
  'device: broker away',
  // When a client comes, or dies.
  'guest: device away',
  'client: outbox',
  // For longer than what waits may go untold.
  'long absence',
] as const;
export type Interruption = (typeof interruptions)[number];
