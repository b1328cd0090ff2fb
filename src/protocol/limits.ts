/** Bounds that every socket enforces (LINK-3). Bytes unless said otherwise. */
export const limits = {
  frameFromClient: 16 * 1024 * 1024,
  frameFromDevice: 40 * 1024 * 1024,
  /** Levels of nesting. */
  depth: 64,
  /** Characters of an id. */
  id: 256,
  /** Characters of an agent's or a conversation's id. */
  scopeId: 128,
  /** Messages of one input. */
  messages: 100,
  /** Items of any other list in a command. */
  list: 1000,
  /** Bytes a session may have unsent before it stops pulling. */
  unsent: 1024 * 1024,
  /** Waiting inputs of one conversation (QUE-1). */
  queue: 300,
} as const;
