import { createClient } from '../../client/client.ts';
import type { Clock } from '../../link/clock.ts';
import type { Pipe } from '../../link/pipe.ts';
import { tellingEnd } from '../../link/with-listen.ts';
import type { Failure } from '../../protocol/errors.ts';
import { owner } from '../../protocol/privileges.ts';
import { okReply } from '../../protocol/reply.ts';
import type { Member } from '../home/member.ts';
import { relay } from '../remote/relay.ts';
import type { CheckToken } from './capability-token.ts';
import { type Listening, listenAppServer } from './http-server.ts';
import type { ListenUrl } from './listen-url.ts';

export type AppServerOptions = {
  readonly listen: ListenUrl;
  /** Null: nobody has to show a token. */
  readonly checkToken: CheckToken | null;
  readonly member: Member;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** The process that runs this home could not be reached; it is tried again after `delayMs`. */
  ownerAway(delayMs: number, message: string): void;
};

/** `close` lets nobody in any more, `end` ends those who are in. */
export type AppServer = Listening & { end(): void };

/**
 * A door of this home for clients that dial it, many at a time, each of them hearing the conversations that it names (protocol reference
 * 1.3). That a client leaves stops nothing: turns go on, and whoever comes back syncs.
 */
export async function startAppServer(options: AppServerOptions): Promise<AppServer | Failure> {
  const { listen, checkToken, member, clock, random } = options;
  const clients = new Set<Pipe>();

  function accept(pipe: Pipe, query: URLSearchParams): void {
    clients.add(pipe);
    const socket = tellingEnd(pipe, () => clients.delete(pipe));
    const here = member.owner;
    if (here) {
      return here.accept(socket, { principal: owner('direct'), hears: 'followed', query, appServer: true });
    }
    relay({
      socket,
      member,
      connection: null,
      query,
      clock,
      random,
      intercept: () => false,
      ownerAway: (delayMs, { message }) => options.ownerAway(delayMs, message),
    });
  }

  const listening = await listenAppServer({ listen, checkToken, accept, info: () => askInfo(member) });
  if ('code' in listening) return listening;
  return {
    ...listening,
    end() {
      for (const pipe of [...clients]) pipe.close(1001, 'the app-server is stopping');
    },
  };
}

/** Whoever runs the home says what it can do. */
async function askInfo(member: Member): Promise<Record<string, unknown> | Failure> {
  const client = createClient({ open: () => member.open(), name: 'farhand' });
  const answer = await client.call('app_server_info', {});
  client.close();
  if (!answer.ok) return answer.failure;
  return okReply('app_server_info', undefined, { ...answer.value, request_id: 'http-info' });
}
