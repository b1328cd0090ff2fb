import canonicalize from 'canonicalize';
import { wellFormed } from './well-formed.ts';

type Message = Readonly<Record<string, unknown>>;

/** The message that gives an input its identity: the first one with content (IN-1). */
export const identifying = <M extends Message>(messages: readonly M[]): M | undefined =>
  messages.find((message) => message.content !== undefined);

/** The identity that the client gave an input; null where it gave none. */
export function inputKey(messages: readonly Message[]): string | null {
  const first = identifying(messages);
  for (const id of [first?.client_message_id, first?.otid])
    if (typeof id === 'string' && id !== '') return id.toWellFormed();
  return null;
}

/** What an input's content hash is made of, the same at every hop: the SHA-256 of this text tells whether two inputs are one. */
export const inputContent = (messages: readonly Message[]): string =>
  canonicalize(wellFormed(messages.map(({ role, content }) => ({ role, content })))) ?? '';
