import { type Scope, scopeKey } from '../protocol/shapes.ts';

/** One part of a message, such as `{role: 'user', content: 'hello'}`. */
export type Message = Readonly<Record<string, unknown>>;

/** A message on its way, with the id that makes sending it twice harmless (IN-1). */
export type Outgoing = {
  readonly scope: Scope;
  readonly client_message_id: string;
  readonly messages: readonly Message[];
};

/**
 * Where messages wait until their device has them (IN-6). `put` returns, or resolves, when the message would survive whatever the outbox
 * is to survive; only then it is sent. What is in it when a client starts is sent again.
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

/** The message as it is sent: its first part with content bears the id, wherever that comes from. */
export function outgoingOf(
  scope: Scope,
  content: string | readonly Message[],
  id: string | undefined,
  mint: () => string,
): Outgoing {
  const messages = typeof content === 'string' ? [{ role: 'user', content }] : content;
  const first = messages.findIndex((message) => message.content !== undefined);
  const own = messages[first]?.client_message_id;
  const client_message_id = id ?? (typeof own === 'string' && own !== '' ? own : `cm-${mint()}`);
  const { agent_id, conversation_id } = scope;
  return {
    scope: { agent_id, conversation_id },
    client_message_id,
    messages: messages.map((message, n) => (n === first ? { ...message, client_message_id } : message)),
  };
}
