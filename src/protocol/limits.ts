/** Bounds that every socket enforces (LINK-3). */
export const limits = {
  frameFromClient: 16 * 1024 * 1024,
  frameFromDevice: 40 * 1024 * 1024,
  depth: 64,
  id: 256,
  scopeId: 128,
  unsent: 1024 * 1024,
  queue: 300,
  ring: 8 * 1024 * 1024,
  parked: 10_000,
  socketsPerToken: 20_000,
  devicesPerToken: 1_000,
} as const;

/** What each bound counts. */
export const limitMeaning: Readonly<Record<keyof typeof limits, string>> = {
  frameFromClient: 'bytes of a frame from a client',
  frameFromDevice: 'bytes of a frame from a device',
  depth: 'levels of nesting of a frame',
  id: 'characters of an id',
  scopeId: "characters of an agent's or a conversation's id",
  unsent: 'bytes that a session may have unsent before it stops pulling',
  queue: 'waiting inputs of one conversation (QUE-1)',
  ring: 'bytes of frames that a broker keeps per device for clients that come back (SEQ-3)',
  parked: 'commands that wait at a broker for one device (IN-4)',
  socketsPerToken: 'sockets that one token may have open at a broker',
  devicesPerToken: 'devices that one token may register at a broker',
};
