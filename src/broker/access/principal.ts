import type { Hears } from '../../hub/hearing.ts';
import type { Hub } from '../../hub/hub.ts';
import type { TokenRecord } from '../store/tokens.ts';

export type HubClient = Parameters<Hub['accept']>[1];

type Bearer = Pick<HubClient, 'principal' | 'reach'>;
/** Those who come by the same token are the same, as long as nothing changes in the tokens. */
const bearers = new WeakMap<TokenRecord, Bearer>();

/** [SEC-12] The hub's client for the bearer of a token. `asked`: the query of the URL it came by; null for what has no socket. */
export function clientFor(token: TokenRecord, asked: URLSearchParams | null): HubClient {
  const query = new URLSearchParams(asked ?? { farhand: '1' });
  query.delete('token');
  query.delete('ticket');
  const bearer = bearers.get(token) ?? bearerOf(token);
  bearers.set(token, bearer);
  return { ...bearer, hears: hearsBy(query), query };
}

function bearerOf({ id, name, privileges, agents }: TokenRecord): Bearer {
  return { principal: { principal: `${id}/${name}`, privileges, origin: 'broker' }, reach: { agents } };
}

/** A client of the first generations hears of the whole device where its URL names nothing less; one of ours says what it follows. */
function hearsBy(query: URLSearchParams): Hears {
  const agentId = query.get('agentId');
  const conversationId = query.get('conversationId');
  if (agentId || conversationId)
    return { ...(agentId && { agentId }), ...(conversationId && { conversationId }) };
  return query.get('farhand') === '1' ? 'followed' : 'all';
}
