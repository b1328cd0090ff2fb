import { type Scope, scopeKey } from '../protocol/shapes.ts';

/** A message on its way, with the id that makes sending it twice harmless (IN-1). */
export type Outgoing = {
  readonly scope: Scope;
  readonly client_message_id: string;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
};

/**
 * Where messages wait until the other side has them. `put` returns, or resolves, when the message would survive whatever the outbox is
 * to survive; only then it is sent. What is in it when a client starts is sent again.
 */
export interface Outbox {
  put(outgoing: Outgoing): void | Promise<void>;
  remove(outgoing: Outgoing): void | Promise<void>;
  /** Oldest first. */
  all(): readonly Outgoing[] | Promise<readonly Outgoing[]>;
}

/** An outbox that survives lost connections, but not the end of this program. */
export function memoryOutbox(): Outbox {
  const waiting = new Map<string, Outgoing>();
  return {
    put: (outgoing) => void waiting.set(outgoingKey(outgoing), outgoing),
    remove: (outgoing) => void waiting.delete(outgoingKey(outgoing)),
    all: () => [...waiting.values()],
  };
}

/** One string for a message: its id counts within its scope. */
export const outgoingKey = ({
  scope,
  client_message_id,
}: Pick<Outgoing, 'scope' | 'client_message_id'>): string => `${scopeKey(scope)} ${client_message_id}`;
