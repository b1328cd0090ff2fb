import type { Broker } from '../../broker/broker.ts';
import { type Client, createClient } from '../../client/client.ts';
import type { Clock } from '../../link/clock.ts';
import { keepConnected } from '../../link/reconnect.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Doors, openBrokerDoor } from '../home/door.ts';
import type { Identity } from '../remote/identity.ts';
import { metadataOf } from '../remote/register.ts';
import { type Fields, fieldsOf, textOf } from '../show/fields.ts';

/** What the home says of itself when it is asked. */
export type HomeFacts = {
  readonly agentId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
};

const answerWithinMs = 10_000;

/** Asks whoever owns the home for its default agent, and in what mode and where that works. */
export async function askHome(member: Doors, version: string): Promise<HomeFacts | Failure> {
  const client = createClient({ open: () => member.open(), name: 'farhand serve' });
  try {
    const listed = await client.call('agent_list', {});
    if (!listed.ok) return listed.failure;
    // The list is in the order of making, and the first one made is the default.
    const defaultAgentId = listed.value.agents[0]?.id ?? null;
    const status = defaultAgentId === null ? {} : await statusOf(client, defaultAgentId);
    if (isFailure(status)) return status;
    const currentMode = textOf(status.current_permission_mode);
    const workingDirectory = textOf(status.current_working_directory);
    const gitBranch = textOf(fieldsOf(status.git_context).branch);
    const here = { currentMode, workingDirectory, gitBranch };
    return { agentId: defaultAgentId, metadata: { ...metadataOf({ version, defaultAgentId }), ...here } };
  } finally {
    client.close();
  }
}

function statusOf(client: Client, agent_id: string): Promise<Fields | Failure> {
  return new Promise((resolve) => {
    const late = failure('deadline', 'The owner of this home does not say how its main conversation stands.');
    const timer = setTimeout(() => end(late), answerWithinMs);
    let status: Fields = {};
    const follower = client.follow(
      { agent_id, conversation_id: 'default' },
      {
        snapshot(frame) {
          if (frame.type === 'update_device_status') status = fieldsOf(frame.device_status);
        },
        event: () => undefined,
        synced: () => end(status),
        failed: end,
      },
    );
    function end(result: Fields | Failure): void {
      clearTimeout(timer);
      follower.stop();
      resolve(result);
    }
  });
}

const isFailure = (value: Fields | Failure): value is Failure => typeof value.message === 'string';

export type EmbeddedOptions = {
  readonly broker: Pick<Broker, 'enrol' | 'attach'>;
  readonly member: Doors;
  readonly identity: Identity;
  readonly name: string;
  readonly metadata: HomeFacts['metadata'];
  readonly clock: Clock;
  random(): number;
  trouble(message: string): void;
};

export type Embedded = {
  stop(): void;
  /** Resolves when the home is connected for the first time. */
  readonly ready: Promise<void>;
};

/** Keeps the home of this machine connected to the broker of this process, whoever owns the home, until it is stopped. */
export function embed(options: EmbeddedOptions): Embedded | Failure {
  const { broker, member, identity, name, metadata, clock, random, trouble } = options;
  const lease = broker.enrol({ ...identity, connectionName: name, metadata });
  if ('code' in lease) return lease;
  const ready = Promise.withResolvers<void>();
  const link = keepConnected({
    open: () => openBrokerDoor(member, { id: lease.connectionId, name }),
    onUp(pipe) {
      broker.attach(lease, pipe);
      ready.resolve();
    },
    onDown: () => undefined,
    onRetry: ({ failure: why }) => {
      if (why) trouble(`nobody runs this home: ${why.message}`);
    },
    clock,
    random,
  });
  return { stop: () => link.stop(), ready: ready.promise };
}
