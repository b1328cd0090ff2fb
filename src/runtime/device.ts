import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DeviceView } from '../core/messages.ts';
import { initialState } from '../core/state.ts';
import { type Clock, systemClock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import { readFrame } from '../link/read-frame.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Mode } from '../protocol/modes.ts';
import { owner, type Principal, type Privilege, privileges } from '../protocol/privileges.ts';
import { commandTypes } from '../protocol/routing.ts';
import type { AgentRecord, Store, StoreError } from '../store/store.ts';
import { BrokerLink } from './broker-link.ts';
import { Committer } from './committer.ts';
import { Conversations } from './conversations.ts';
import { dispatch } from './dispatch.ts';
import { ExternalTools } from './external/external-tools.ts';
import { gitContext } from './git.ts';
import type { Host } from './host.ts';
import { brokerPrincipal, type Connection, type Link, within } from './link.ts';
import { modelCatalogue } from './models/catalogue.ts';
import { ModelFinder } from './models/finder.ts';
import type { Variables } from './models/handles.ts';
import { keyStore } from './models/keys.ts';
import type { WireOptions } from './models/wires.ts';
import { deeperInstructions } from './prompt/deeper-instructions.ts';
import { type Bounds, boundsIn } from './rules/bounds.ts';
import { createRules } from './rules/rules.ts';
import type { SandboxSetting } from './sandbox/sandbox.ts';
import { sandboxing } from './sandbox/sandboxing.ts';
import { settingsFile } from './settings/settings-file.ts';
import { readable as readableSettings, sandboxIn } from './settings/what-holds.ts';
import { deviceSnapshot } from './snapshots.ts';
import { toolEnvironment } from './tool-environment.ts';
import { removeOldOutput } from './tools/output-file.ts';
import { allTools, reservedNames, toolNames } from './tools/toolsets.ts';
import { searchAccess } from './tools/web-search.ts';

export type DeviceOptions = {
  readonly store: Store;
  /** The home: no file tool may touch it. */
  readonly home: string;
  readonly scratch: string;
  /** Working directory of new conversations. */
  readonly cwd: string;
  readonly version: string;
  readonly mode?: Mode;
  /** Whether commands are confined. Default: `auto`. */
  readonly sandbox?: SandboxSetting;
  /** What whoever asks may do here, at most, whatever the door says of them. Default: everything. */
  readonly policy?: readonly Privilege[];
  readonly clock?: Clock;
  readonly env?: Variables;
  /** How patiently a model's endpoint is waited for. */
  readonly wire?: WireOptions;
  /** Whether model servers on this machine are looked for when nobody has chosen a model. Default: no. */
  readonly discover?: boolean;
  readonly mint: () => string;
  /** Told of what no client asked about: a fault of the program, or the lease gone. */
  readonly trouble: (what: string, error: unknown) => void;
  readonly fenced: (error: StoreError) => void;
};

const trimEveryMs = 60 * 60 * 1000;
const trimPauseMs = 50;
const retention = { ageMs: 7 * 24 * 60 * 60 * 1000, maxBytes: 256 * 1024 * 1024 };
const defaultAgentKey = 'default_agent';

/** The runtime of one home: its conversations, and a way for links to reach them. */
export class Device {
  readonly host: Host;
  readonly conversations: Conversations;
  readonly #links = new Set<Link>();
  readonly #policy: readonly Privilege[];
  readonly #bounds: Bounds;
  readonly #models: ModelFinder;
  readonly #clock: Clock;
  /** Those that are up, the latest last. */
  #connections: readonly Connection[] = [];
  #closed = false;

  constructor(options: DeviceOptions) {
    const { store, clock = systemClock, env = process.env } = options;
    this.#clock = clock;
    this.#policy = options.policy ?? privileges;
    const settings = settingsFile(options.home);
    const bounds = boundsIn(settings);
    this.#bounds = bounds;
    mkdirSync(options.scratch, { recursive: true, mode: 0o700 });
    const committer = new Committer(store, clock, options.fenced, () => {
      for (const link of this.#links) link.committed();
    });
    const models = new ModelFinder({
      env,
      settings,
      keys: keyStore(options.home, env),
      discover: options.discover ?? false,
      wire: options.wire,
    });
    this.#models = models;
    const settingsNow = () => readableSettings(settings);
    const publish = (text: string): void => {
      for (const link of this.#links) link.push(text);
    };
    const toolEnv = toolEnvironment(env);
    const plans = join(options.home, 'plans');
    mkdirSync(plans, { recursive: true, mode: 0o700 });
    const readable = [options.scratch, plans];
    const sandbox = sandboxing({
      setting: () => options.sandbox ?? sandboxIn(settings),
      farhand: options.home,
      folder: join(options.home, 'private'),
      readable,
      env: toolEnv,
    });
    this.host = {
      store,
      committer,
      clock,
      cwd: options.cwd,
      get mode() {
        return bounds.atMost(options.mode ?? 'standard');
      },
      tools: allTools,
      external: new ExternalTools({ clock, taken: reservedNames, publish }),
      scratch: options.scratch,
      home: options.home,
      deeperInstructions: deeperInstructions(() => clock.now()),
      denied: [options.home],
      readable,
      plans,
      settings: settingsNow,
      search: () => searchAccess(settingsNow()?.web?.search, env),
      rules: createRules({ settings, farhand: options.home, home: env.HOME ?? homedir() }),
      toolEnv,
      sandbox,
      mint: options.mint,
      trouble: options.trouble,
      view: (cwd): DeviceView => ({
        connection_id: this.#connections.at(-1)?.id ?? null,
        connection_name: this.#connections.at(-1)?.name ?? null,
        git_context: gitContext(cwd, clock.now()),
        version: options.version,
        supported_commands: commandTypes,
        tools: toolNames(settingsNow()?.toolset, ''),
        ...ceilingOf(bounds),
        sandbox: sandbox.status(),
      }),
      model: (handle) => models.model(handle),
      modelProblem: (handle) => models.problemOf(handle),
      models: () => modelCatalogue(models),
      publish,
      publishEvent: (event) => {
        for (const link of this.#links) link.event(event);
      },
    };
    this.conversations = new Conversations(this.host);
  }

  /** Takes up what the last owner left unfinished, and begins to keep the store within its bounds. */
  start(): void {
    this.defaultAgent();
    this.conversations.recover();
    // Whoever comes first shall not have to wait for it.
    void this.#models.choose();
    this.#clock.after(trimEveryMs, () => this.#trim());
  }

  /** One bounded batch at a time, so that nobody waits for it. */
  #trim(): void {
    if (this.#closed) return;
    let more = false;
    const before = this.#clock.now() - retention.ageMs;
    removeOldOutput(this.host.scratch, before).catch((error: unknown) =>
      this.host.trouble('old output of tools could not be removed', error),
    );
    try {
      const { ageMs, maxBytes } = retention;
      const gone = this.host.store.trim({ olderThan: this.#clock.now() - ageMs, maxBytes });
      more = gone.events + gone.facts > 0;
    } catch (error) {
      this.host.trouble('old events could not be trimmed', error);
    }
    this.#clock.after(more ? trimPauseMs : trimEveryMs, () => this.#trim());
  }

  /** Serves a hub, which stamps what it passes on with who asks. Replies go to it alone, events to every link. */
  attach(pipe: Pipe): void {
    const send = (frame: Frame) => pipe.send(JSON.stringify(frame));
    const link: Link = {
      event: ({ text }) => pipe.send(text),
      push: (text) => pipe.send(text),
      committed: () => undefined,
      close: (code, reason) => pipe.close(code, reason),
    };
    const principalOf = ({ auth }: Frame) => this.#bounded((auth as Principal | undefined) ?? owner('link'));
    this.#links.add(link);
    pipe.listen({
      message: (text) => {
        const read = readFrame(text, { maxBytes: limits.frameFromDevice });
        if (read.ok) void dispatch(this, read.frame, { send, principalOf, inboxId: null });
        else send({ type: 'error', message: read.message, code: read.code });
      },
      closed: () => void this.#links.delete(link),
    });
  }

  /**
   * Serves a broker that knows the extensions: it is told the feed from where it has heard it, and delivers out of an inbox. Ends with the
   * pipe; a broker that says no `broker_hello` within 15 s is closed with 1002.
   */
  attachBroker(pipe: Pipe, connection: Connection): void {
    const { store, clock } = this.host;
    let disconnected = (): void => undefined;
    const link: BrokerLink = new BrokerLink({
      pipe,
      store,
      clock,
      defaultAgent: () => this.defaultAgent(),
      status: () => this.#mainStatus(),
      up: () => {
        disconnected = this.connectedAs(connection);
      },
      work: (frame, inboxId) =>
        void dispatch(this, frame, {
          send: (reply) => link.send(reply),
          principalOf: ({ auth }) => this.#bounded(brokerPrincipal(auth)),
          inboxId,
        }),
      gone: () => {
        this.#links.delete(link);
        disconnected();
      },
    });
    this.#links.add(link);
  }

  /** Looked up for every command: what the owner takes away is gone at once. */
  #bounded(by: Principal): Principal {
    return within(this.#policy, within(this.#bounds.policyFor(by), by));
  }

  #mainStatus(): Frame {
    const scope = { agent_id: this.defaultAgent(), conversation_id: 'default' };
    const conversation = this.conversations.find(scope);
    const state = conversation && 'state' in conversation ? conversation.state : initialState;
    return deviceSnapshot(scope, state, this.host);
  }

  /** The lease that status frames show until the returned function is called. */
  connectedAs(connection: Connection): () => void {
    this.#connections = [...this.#connections, connection];
    return () => {
      this.#connections = this.#connections.filter((one) => one !== connection);
    };
  }

  modelOf(agent: AgentRecord): string {
    return agent.model ?? this.#models.known();
  }

  async modelsFound(): Promise<void> {
    await this.#models.choose();
  }

  /** The agent that is there from the first start; another takes its place when it was deleted. */
  defaultAgent(): string {
    const { store } = this.host;
    const known = store.meta(defaultAgentKey);
    if (known !== null && store.agent(known)) return known;
    const next = store.agents()[0]?.id ?? `agent-${randomUUID()}`;
    if (!store.agent(next)) {
      store.putAgent({
        id: next,
        name: 'Farhand',
        description: null,
        model: null,
        created_at: this.#clock.now(),
        extra: {},
      });
    }
    store.setMeta(defaultAgentKey, next);
    return next;
  }

  /** Makes durable what waits and stops; what had begun is found by the next owner. */
  async close(): Promise<void> {
    this.#closed = true;
    this.host.committer.close();
    await this.conversations.close();
    await this.host.sandbox
      .close()
      .catch((error) => this.host.trouble('what commands kept in /tmp could not be removed', error));
    for (const link of this.#links) link.close(1012, 'the runtime is restarting');
    this.host.store.close();
  }
}

function ceilingOf(bounds: Bounds): Pick<DeviceView, 'ceiling'> {
  const ceiling = bounds.ceiling();
  return ceiling === null ? {} : { ceiling };
}
