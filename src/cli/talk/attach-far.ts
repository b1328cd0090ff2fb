import { connect } from '../../client/connect.ts';
import { dial } from '../../link/node/websocket.ts';
import { limits } from '../../protocol/limits.ts';
import type { Io } from '../program/io.ts';
import type { Attached } from './attach.ts';
import { deviceNews } from './device-news.ts';
import { type Reach, tokenHint } from './reach.ts';
import { stateWatch } from './state-watch.ts';
import { troubleTo } from './trouble.ts';

/** A client of another machine; what is kept in this one's home is left alone. */
export function attachFar(
  { url, token, environment }: Reach,
  io: Io,
  tell: (text: string) => void,
): Attached {
  const states = stateWatch();
  const news = deviceNews(tell, url);
  const client = connect({
    url,
    token,
    environment,
    hint: tokenHint,
    openSocket: (place, { headers }) => dial(place, { headers, maxPayload: limits.frameFromDevice }),
    name: 'farhand',
    onTrouble: troubleTo(io),
    onState(state) {
      news(state);
      states.changed(state);
    },
  });
  return { client, member: null, folder: null, until: (is, giveUp) => states.until(client, is, giveUp) };
}
