// Clients that stay connected, and what says when all of them are there: real ones of a broker, each of which follows a conversation, or
// bare sockets that are dialled again as those are. Each time that every one of them had lost its way and found it again, that is said.
import { connect } from '../../src/client/index.ts';
import { systemClock } from '../../src/link/clock.ts';
import { dial } from '../../src/link/node/websocket.ts';
import { keepConnected } from '../../src/link/reconnect.ts';
import { nowMs } from '../moment.ts';
import { workJobs } from '../talking-child.ts';

export type ClientsJob =
  /** So many clients of each device, which follow its agent's default conversation. */
  | {
      readonly broker: string;
      readonly token: string;
      readonly devices: readonly { readonly deviceId: string; readonly agentId: string | null }[];
      readonly clients: number;
    }
  | { readonly bare: string; readonly sockets: number };

export type ClientsSaid = {
  /** When the last of them was there, see `nowMs`. */
  readonly all?: number;
  readonly failed?: string;
};

workJobs<ClientsJob, ClientsSaid>(async (job, say) => {
  const wanted = 'bare' in job ? job.sockets : job.devices.length * job.clients;
  const isBack = Array.from({ length: wanted }, () => false);
  const wasAway = Array.from({ length: wanted }, () => true);
  function is(n: number, there: boolean): void {
    isBack[n] = there;
    if (!there) wasAway[n] = true;
    if (!there || isBack.includes(false) || wasAway.includes(false)) return;
    wasAway.fill(false);
    say({ all: nowMs() });
  }
  if ('bare' in job) for (let n = 0; n < wanted; n++) bareSocket(job.bare, (there) => is(n, there));
  else
    for (const [place, device] of job.devices.entries())
      for (let k = 0; k < job.clients; k++)
        client({ ...job, ...device }, (there) => is(place * job.clients + k, there));
});

function bareSocket(url: string, is: (there: boolean) => void): void {
  keepConnected({
    open: () => dial(url),
    onUp(pipe) {
      pipe.listen({ message: () => undefined, closed: () => undefined });
      is(true);
    },
    onDown: () => is(false),
    onRetry: () => undefined,
    clock: systemClock,
    random: Math.random,
  });
}

function client(
  to: {
    readonly broker: string;
    readonly token: string;
    readonly deviceId: string;
    readonly agentId: string | null;
  },
  is: (there: boolean) => void,
): void {
  let isSynced = false;
  let isOnline = false;
  const told = connect({
    url: to.broker,
    token: to.token,
    environment: to.deviceId,
    openSocket: (place, { headers }) => dial(place, { headers }),
    onState({ broker, device }) {
      if (!broker.online) isSynced = false;
      isOnline = broker.online && device.online === true;
      is(isOnline && isSynced);
    },
    onTrouble: ({ message }) => process.stderr.write(`a client: ${message}\n`),
  });
  told.follow(
    { agent_id: to.agentId, conversation_id: 'default' },
    {
      event: () => undefined,
      synced() {
        isSynced = true;
        is(isOnline);
      },
      failed: ({ message }) => process.stderr.write(`a client cannot follow: ${message}\n`),
    },
  );
}
