import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { type Client, createClient, type Decision } from '../../src/client/client.ts';
import { type Approval, emptyTranscript, fold, type Transcript } from '../../src/client/transcript.ts';
import { emptyTranscript as nothingTold, type TranscriptItem, tell } from '../../src/core/transcript.ts';
import { type DialFailure, isDialFailure } from '../../src/link/dial-failure.ts';
import { dialLocal } from '../../src/link/node/local-socket.ts';
import type { Pipe } from '../../src/link/pipe.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import type { Mode } from '../../src/protocol/modes.ts';
import { type Scope, scopeKey } from '../../src/protocol/shapes.ts';
import { keptInFile } from '../../src/testing/chaos-evidence.ts';
import type { Scripts } from '../../src/testing/model-script.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { onPty } from '../support/on-pty.ts';
import { root, type Started, spawnFarhand, startFarhand } from '../support/processes.ts';
import {
  type Git,
  type Language,
  makeRepository,
  pathWithInterpreters,
  runSuite,
  writeFiles,
} from './repository.ts';
import { storyOf } from './story.ts';
import { type Wire, wires } from './wires.ts';

/** What a person says to a request; null: not this one, somebody else will. */
export type Judgement = (tool: string, input: Input) => Decision | null;
type Input = Readonly<Record<string, unknown>>;

export type JobOptions = {
  /** Of the repository's first commit, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The API that the model is asked through. */
  readonly wire: Wire;
  /** What its tests are written in; left out: it has none. */
  readonly language?: Language;
  /** What the model does; a message names its script. */
  readonly scripts: Scripts;
  readonly model?: string;
  readonly mode?: Mode;
  /** The person's own, of the home. */
  readonly settings?: object;
  /** Default: whatever is asked is allowed. */
  readonly judge?: Judgement;
  /** The first process on the home dies by itself: see `inside.ts`. */
  readonly dies?: string;
  /** Done to the repository before the work begins; `place` is the home of the person. */
  readonly before?: (git: Git, repository: string, place: string) => void;
  /** Also in the environment of the runtime. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A person with an agent that works in a repository: the home's owner is a process of its own, which can be killed and started again. */
export type Job = {
  readonly models: ModelServer;
  /** The home of the person, in which everything else lies. */
  readonly place: string;
  readonly repository: string;
  readonly git: Git;
  /** Everything that the person's client was told. */
  readonly frames: readonly Frame[];
  /** What the person was asked to decide, as `Tool the input's main words`. */
  readonly asked: readonly string[];
  /** Says something to the agent; resolves with how its turn ended, through any number of deaths. */
  say(text: string): Promise<string>;
  /** Another person, at another terminal. */
  colleague(judge: Judgement): void;
  /** Until the conversation has come to rest after so many turns. */
  rests(turns: number): Promise<void>;
  /** Until so many messages wait for their turn. */
  waits(messages: number): Promise<void>;
  /** What the last call gave the model, as far as the person has heard. */
  lastResult(): string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Resolves when the process has died, not by our hand. */
  died(): Promise<void>;
  start(): Promise<void>;
  isOwned(): boolean;
  /** The kinds of what is on the disk, in order; while nobody owns the home. */
  kept(): readonly string[];
  /** The program at a terminal in the repository, on the same home. */
  terminal(...args: readonly string[]): Started;
  /** The same where its output is a real terminal: all that it wrote. */
  atTerminal(...args: readonly string[]): Promise<string>;
  /** What a file of the repository holds; null where there is none. */
  read(path: string): string | null;
  /** What has become of the repository, against its first commit, without the hashes. */
  diff(): string;
  /** Ends the work, in a repository whose own tests pass; what the conversation was. */
  end(): Promise<readonly TranscriptItem[]>;
  /** The same, one line for each item. */
  story(): Promise<readonly string[]>;
};

const allowed: Judgement = () => ({ behavior: 'allow' });

export async function startJob(options: JobOptions): Promise<Job> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-job-')));
  const repository = join(place, 'repository');
  const home = join(place, 'home');
  const temporary = join(place, 'tmp');
  mkdirSync(temporary);
  const git = makeRepository(repository, options.files);
  const first = git('rev-parse', 'HEAD').trim();
  options.before?.(git, repository, place);
  if (options.settings) writeFiles(home, { 'settings.json': JSON.stringify(options.settings) });
  const models = await startModelServer({ scripts: options.scripts });
  const model = options.model ?? wires[options.wire].model;
  const env = {
    ...options.env,
    ...wires[options.wire].env(models),
    PATH: pathWithInterpreters(),
    HOME: place,
    // What a killed process leaves there goes with the rest.
    TMPDIR: temporary,
    FARHAND_HOME: home,
    FARHAND_MODEL: model,
    FARHAND_DISCOVER: '0',
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'inside.ts'))}`,
  };
  const clients: Client[] = [];
  let running: Started;
  /** Until somebody owns the home. */
  let owned = Promise.withResolvers<void>();
  onTestFinished(async () => {
    for (const client of clients) client.close();
    await running.end();
    await models.close();
    rmSync(place, { recursive: true, force: true });
  });
  await begin({ FARHAND_JOB_DIES: options.dies });

  async function begin(more: Readonly<Record<string, string | undefined>> = {}): Promise<void> {
    running = spawnFarhand(['app-server', '--json'], { cwd: repository, env: { ...env, ...more } });
    const { watch, stdout, ended } = running;
    await watch(() => stdout().includes('\n') || undefined);
    void ended.then(() => {
      owned = Promise.withResolvers();
    });
    owned.resolve();
  }

  /** Where the owner is gone the next one is waited for. */
  async function open(): Promise<Pipe | DialFailure> {
    await owned.promise;
    const { ended } = running;
    const pipe = await dialLocal(join(home, 'owner.sock'));
    if (!isDialFailure(pipe)) return pipe;
    await ended;
    return open();
  }

  const connected = (): Client => {
    const client = createClient({ open });
    clients.push(client);
    return client;
  };

  const frames: Frame[] = [];
  const asked: string[] = [];
  const known = new Set<string>();
  /** Follows the conversation and answers what it asks, again after a lost connection. */
  function attend(client: Client, judge: Judgement): () => { transcript: Transcript; turns: number } {
    let transcript = emptyTranscript;
    let turns = 0;
    const answering = new Set<string>();
    const answer = async ({ request_id, request, input_hash }: Approval) => {
      const input = request.input as Input;
      const tool = String(request.tool_name);
      if (!known.has(request_id)) asked.push(nameOf(tool, input));
      known.add(request_id);
      const decision = answering.has(request_id) ? null : judge(tool, input);
      if (!decision) return;
      answering.add(request_id);
      const { ok } = await client.decide(scope, request_id, decision, input_hash ?? undefined);
      if (!ok) answering.delete(request_id);
    };
    const hear = (frame: Frame) => {
      frames.push(frame);
      transcript = fold(transcript, frame);
      if (frame.type === 'turn_finished') turns += 1;
      for (const one of transcript.approvals) void answer(one);
    };
    client.follow(scope, { event: hear, snapshot: hear }, 'start');
    return () => ({ transcript, turns });
  }

  const person = connected();
  const agents = await person.call('agent_list', {});
  const agent_id = String(agents.ok && agents.value.agents[0]?.id);
  const scope: Scope = { agent_id, conversation_id: 'conv-job' };
  const began = await person.call('runtime_start', {
    agent_id,
    create_conversation: { body: { id: scope.conversation_id } },
    mode: options.mode ?? 'standard',
  });
  expect(began).toMatchObject({ ok: true });
  const heard = attend(person, options.judge ?? allowed);
  const progress = () => {
    const { transcript, turns } = heard();
    return { turns, idle: transcript.loop?.status === 'WAITING_ON_INPUT' };
  };

  return {
    models,
    place,
    repository,
    git,
    frames,
    asked,
    async say(text) {
      const sent = await person.send(scope, text, { until: 'settled' });
      return sent.ok ? sent.fate.state : sent.failure.message;
    },
    colleague: (judge) => void attend(connected(), judge),
    rests: (turns) => expect.poll(progress, { timeout: 30_000 }).toEqual({ turns, idle: true }),
    waits: (messages) =>
      expect.poll(() => heard().transcript.queue, { timeout: 10_000 }).toHaveLength(messages),
    lastResult() {
      const last = heard().transcript.items.findLast(({ kind }) => kind === 'call');
      return last?.kind === 'call' ? (last.output ?? '') : '';
    },
    kill: () => running.end(),
    async died() {
      expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
    },
    start: () => begin(),
    terminal: (...args) => startFarhand(args, { cwd: repository, env }),
    atTerminal: (...args) =>
      onPty([process.execPath, join(root, 'bin', 'farhand'), ...args], repository, env),
    isOwned: () => running.child.exitCode === null && running.child.signalCode === null,
    kept: () => facts().map(({ kind }) => kind),
    read(path) {
      const whole = join(repository, path);
      return existsSync(whole) ? readFileSync(whole, 'utf8') : null;
    },
    diff() {
      git('add', '-A');
      return git('diff', '--cached', '--no-color', first).replaceAll(/^index .*\n/gm, '');
    },
    end,
    story: async () => storyOf(await end()),
  };

  function facts() {
    return keptInFile(join(home, 'device.db')).get(scopeKey(scope))?.facts ?? [];
  }

  async function end(): Promise<readonly TranscriptItem[]> {
    for (const client of clients) client.close();
    await running.end();
    const told = nothingTold();
    for (const fact of facts()) tell(told, fact);
    if (options.language) runSuite(options.language, repository);
    // A request that no real server would have taken, or one to the wrong API, is nobody's work.
    expect(models.refusals).toEqual([]);
    expect(new Set(models.requests.map(({ wire }) => wire))).toEqual(new Set([options.wire]));
    return told.items;
  }
}

/** A call as a person would name it: `Read src/a.ts`. */
export const nameOf = (tool: string, input: Input): string => `${tool} ${mainWords(input)}`.trim();

const mainWords = (input: Input): string =>
  String(input.command ?? input.file_path ?? input.notebook_path ?? input.path ?? '');
