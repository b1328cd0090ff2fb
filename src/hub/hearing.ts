import { type Scope, scopeOf } from '../protocol/shapes.ts';
import { type Reach, reaches } from './reach.ts';

/**
 * Which conversations a client hears of before it has named any: all, those that the filter of its URL matches, or none (`followed`).
 * Whatever conversation a command of it names is heard of too.
 */
export type Hears = 'all' | 'followed' | { readonly agentId?: string; readonly conversationId?: string };

/** The one conversation that a filter names in full. */
export function namedBy(hears: Hears): Scope | null {
  if (typeof hears === 'string') return null;
  return scopeOf({ agent_id: hears.agentId, conversation_id: hears.conversationId });
}

/** A client that hears of conversations nobody has named yet; null for one that does not. */
export function wideHearing(hears: Hears, reach: Reach | undefined): ((scope: Scope) => boolean) | null {
  if (hears === 'followed' || namedBy(hears)) return null;
  const { agentId, conversationId } = hears === 'all' ? {} : hears;
  return ({ agent_id, conversation_id }) =>
    (agentId === undefined || agent_id === agentId) &&
    (conversationId === undefined || conversation_id === conversationId) &&
    reaches(reach, agent_id);
}
