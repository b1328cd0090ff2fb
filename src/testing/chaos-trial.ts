import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CallResult } from '../client/calls.ts';
import type { Client } from '../client/client.ts';
import { apply } from '../core/apply.ts';
import { initialState } from '../core/state.ts';
import type { Clock } from '../link/clock.ts';
import type { CommandType } from '../protocol/frames.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import {
  type ChaosClient,
  type ChaosClientOptions,
  type Connect,
  chaosClient,
  type View,
} from './chaos-client.ts';
import { Drive } from './chaos-drive.ts';
import type { KeptByScope } from './chaos-evidence.ts';
import { judge } from './chaos-judge.ts';
import { type Passers, passBy } from './chaos-passers.ts';
import { person } from './chaos-person.ts';
import { untold } from './chaos-promise.ts';
import type { Random } from './chaos-random.ts';
import type { Schedule } from './chaos-schedule.ts';
import { marksFile } from './chaos-scripts.ts';
import { survivorsOf } from './chaos-survivors.ts';

export type TrialOptions = {
  /** Marks the processes of its tools. */
  readonly id: string;
  readonly schedule: Schedule;
  readonly random: Random;
  /** Of the clients. */
  readonly clock: Clock;
  /** The working directory of the conversations. */
  readonly folder: string;
  readonly connect: Connect;
  /** Whether commands may wait for the device on their way. Default false. */
  readonly relayed?: boolean;
  /** A stored event that a client was told. */
  event?(text: string): void;
  /** A client has come while things happen, or has died and left something in its outbox. */
  noted?(what: 'guest' | 'outbox'): void;
};

const settleMs = 15_000;
const catchUpMs = 10_000;

/** People at work with a device that dies and comes back, and a record of all that they saw. */
export class Trial {
  /** What broke the promise. */
  readonly broken: string[] = [];
  /** What happened, a line each. */
  readonly trace: string[] = [];
  readonly #options: TrialOptions;
  readonly #began = performance.now();
  readonly #clients: ChaosClient[] = [];
  readonly #others: Client[] = [];
  /** Messages that other clients have handed over. */
  readonly #handed: { scope: Scope; key: string }[] = [];
  readonly #decided: { scope: Scope; requestId: string }[] = [];
  #scopes: readonly Scope[] = [];
  #drive: Drive | null = null;
  #owed: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(options: TrialOptions) {
    this.#options = options;
  }

  /** Does all that the schedule says with the conversations of an agent, and goes on until every message has met its fate. */
  async play(agent_id: string, passers: Passers = {}): Promise<void> {
    const { schedule, random, event } = this.#options;
    const ids = ['default', 'conv-b', 'conv-c'].slice(0, schedule.conversations);
    this.#scopes = ids.map((conversation_id) => ({ agent_id, conversation_id }));
    const first = this.#client({
      synced: (view) => this.#seeAgain(view),
      changed: (view) => someone.look(view),
      ...(event && { event }),
    });
    const someone = person(first, {
      ...schedule,
      random,
      decided: (requestId, { scope }) => void this.#decided.push({ scope, requestId }),
    });
    this.#drive = new Drive({
      first,
      second: this.#client(),
      scopes: this.#scopes,
      broken: (what) => this.break(what),
      trace: (what) => this.note(what),
    });
    const passing = this.#passBy(passers);
    await this.#drive.run(schedule);
    const late = await Promise.race([passing, pause(settleMs, true, { ref: false })]);
    if (late) this.break(`lost: somebody cannot hand over a message for ${settleMs} ms`);
    this.note('that were all steps');
    someone.hurry();
    const left = await this.#drive.unsettled(settleMs);
    if (left.length > 0) this.break(`lost: ${left.join(', ')} not settled after ${settleMs} ms`);
  }

  /** Everybody who hears everything. */
  get clients(): readonly ChaosClient[] {
    return this.#clients;
  }

  /** Somebody stops what runs in a conversation. */
  abort(): void {
    const [first] = this.#clients;
    const { scopes, random } = { scopes: this.#scopes, random: this.#options.random };
    if (!first || scopes.length === 0) return;
    const scope = random.pick(scopes);
    this.note(`abort in ${scope.conversation_id}`);
    void first.client.abort(scope);
  }

  /** The device has died; these tool requests waited, and have to be seen again. */
  owe(pending: ReadonlyMap<string, readonly string[]>): void {
    this.#owed = pending;
  }

  /** Everybody hears everything, one who comes late too, and no process of a tool is left. Nothing dies any more. */
  async end(): Promise<void> {
    const late = this.#client();
    const all = this.#clients.flatMap((client) =>
      [...client.views.values()].map((view) => ({ client, view })),
    );
    await Promise.all(
      all.map(async ({ client, view }) => {
        const why = await behind(client, view);
        if (why) this.break(`story: a client does not catch up with ${scopeKey(view.scope)}: ${why}`);
      }),
    );
    await Promise.all(this.#sent.map(({ scope, key }) => this.#ask(late, scope, key)));
    for (const process of await survivorsOf(this.#options.id))
      this.break(`twice: a process of a tool lives on: ${process}`);
  }

  /** The verdict, over what the store holds in the end; `kept` reads it. */
  async judge(kept: () => KeptByScope): Promise<void> {
    const deadline = performance.now() + catchUpMs;
    let broken = this.#judged(kept());
    // What was done last may be on its way to those who are to be told.
    while (broken.length > 0 && performance.now() < deadline) {
      await pause(50);
      broken = this.#judged(kept());
    }
    for (const what of broken) this.break(what);
  }

  /** Every message that has to meet its fate. */
  get #sent(): readonly { readonly scope: Scope; readonly key: string }[] {
    return [...(this.#drive?.sent.values() ?? []), ...this.#handed];
  }

  /** [IN-2] A receipt may have been lost with the broker that told it; whoever asks is told what became of a message all the same. */
  async #ask({ client, views }: ChaosClient, scope: Scope, key: string): Promise<void> {
    const told = await answered(() =>
      client.call('input_receipt_get', { runtime: scope, client_message_id: key }),
    );
    if (!told.ok) return this.break(`lost: nobody says what became of ${key}: ${told.failure.message}`);
    const { state, authority } = told.value.receipt ?? {};
    views.get(scopeKey(scope))?.told.receipts.push({ key, state: String(state), by: String(authority) });
  }

  #judged(kept: KeptByScope): readonly string[] {
    const broken = judge({
      kept,
      sent: this.#sent,
      decided: this.#decided,
      relayed: this.#options.relayed ?? false,
      clients: this.#clients.map(({ views }) => views),
      marks: this.#read(marksFile)?.split('\n').filter(Boolean) ?? [],
      read: (path) => this.#read(path),
    });
    return [...broken, ...this.#untold(kept)];
  }

  /** What clients show of what waits, where it is not so. */
  #untold(kept: KeptByScope): readonly string[] {
    return [...kept].flatMap(([key, { facts }]) => {
      const state = facts.reduce(apply, initialState);
      const shown = this.#clients.flatMap(({ views }) => views.get(key)?.transcript ?? []);
      return shown.flatMap(({ loop, queue }) =>
        untold(state, loop, queue).map((what) => `${what} (to a client)`),
      );
    });
  }

  close(): void {
    for (const client of [...this.#clients, ...this.#others]) client.close();
  }

  break(what: string): void {
    if (this.broken.includes(what)) return;
    this.note(what);
    this.broken.push(what);
  }

  note(what: string): void {
    this.trace.push(`${Math.round(performance.now() - this.#began)} ms  ${what}`);
  }

  async #passBy(passers: Passers): Promise<void> {
    const [scope] = this.#scopes;
    const { clock, connect, noted } = this.#options;
    if (!scope) return;
    await passBy(passers, {
      scope,
      clock,
      connect,
      owe: (key) => void this.#handed.push({ scope, key }),
      guest: () => {
        this.note('another client comes');
        this.#client();
        noted?.('guest');
      },
      stays: (client) => void this.#others.push(client),
      note: (what) => this.note(what),
      died: () => noted?.('outbox'),
    });
  }

  #client(more: Partial<ChaosClientOptions> = {}): ChaosClient {
    const { clock, connect } = this.#options;
    const client = chaosClient({
      scopes: this.#scopes,
      clock,
      connect,
      trouble: (what) => this.break(what),
      ...more,
    });
    this.#clients.push(client);
    return client;
  }

  /** What waited for a person when the device died waits for them again. */
  #seeAgain({ scope, transcript }: View): void {
    const shown = transcript.approvals.map(({ request_id }) => request_id);
    const forgotten = (this.#owed.get(scopeKey(scope)) ?? []).filter((id) => !shown.includes(id));
    this.#owed = new Map([...this.#owed].filter(([key]) => key !== scopeKey(scope)));
    for (const id of forgotten) this.break(`lost: ${id} waited for a person and is no longer shown`);
  }

  #read(path: string): string | null {
    const whole = join(this.#options.folder, path);
    return existsSync(whole) ? readFileSync(whole, 'utf8') : null;
  }
}

/** Until the client has heard what the device says is the newest event; it may be dialling yet. Else what is in the way. */
async function behind({ client, until }: ChaosClient, view: View): Promise<string | null> {
  if (!(await until(() => view.synced, catchUpMs))) return 'it has not synced';
  const told = await answered(() => client.call('sync', { runtime: view.scope }));
  if (!told.ok) return told.failure.message;
  const head = told.value.head ?? 0;
  const at = () => view.follower.cursor?.after_event_seq ?? 0;
  return (await until(() => at() >= head, catchUpMs)) ? null : `it was told up to ${at()} of ${head}`;
}

/** Asks until it is told: deadlines run as fast as all clocks here, and what is asked about may be on its way. */
async function answered<T extends CommandType>(ask: () => Promise<CallResult<T>>): Promise<CallResult<T>> {
  const deadline = performance.now() + catchUpMs;
  for (;;) {
    const told = await ask();
    if (told.ok || performance.now() > deadline) return told;
    await pause(50);
  }
}
