import type { Hears } from '../../hub/hearing.ts';
import type { Hub } from '../../hub/hub.ts';
import type { TokenRecord } from '../store/tokens.ts';

export type HubClient = Parameters<Hub['accept']>[1];

/** [SEC-12] The hub's client for the bearer of a token. `asked`: the query of the URL it came by; null for what has no socket. */
export function clientFor(
  { id, name, privileges, agents }: TokenRecord,
  asked: URLSearchParams | null,
): HubClient {
  const query = new URLSearchParams(asked ?? { farhand: '1' });
  query.delete('token');
  query.delete('ticket');
  return {
    principal: { principal: `${id}/${name}`, privileges, origin: 'broker' },
    hears: hearsBy(query),
    reach: { agents },
    query,
  };
}

/** A client of the first generations hears of the whole device where its URL names nothing less; one of ours says what it follows. */
function hearsBy(query: URLSearchParams): Hears {
  const agentId = query.get('agentId');
  const conversationId = query.get('conversationId');
  if (agentId || conversationId)
    return { ...(agentId && { agentId }), ...(conversationId && { conversationId }) };
  return query.get('farhand') === '1' ? 'followed' : 'all';
}
