import type { CallResult } from '../client/calls.ts';
import type { Client } from '../client/client.ts';
import type { SendResult } from '../client/sending.ts';
import type { ErrorCode } from '../protocol/errors.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';
import type { ChaosClient, View } from './chaos-client.ts';
import type { Schedule, Sight, Step } from './chaos-schedule.ts';

export type Sent = {
  readonly scope: Scope;
  readonly key: string;
  readonly text: string;
  result: SendResult | null;
};

export type DriveOptions = {
  /** Sends and looks. */
  readonly first: ChaosClient;
  /** Listens, and sends what was sent before. */
  readonly second: ChaosClient;
  /** By the number that steps call them by. */
  readonly scopes: readonly Scope[];
  broken(what: string): void;
  trace(what: string): void;
};

/** What is sent under the id of another message. */
export const somethingElse = 'something else';

const patienceMs = 400;
/** Failures after which the same command may be given again: nothing, or nobody knows what, came of it. */
export const passing: readonly ErrorCode[] = [
  'unreachable',
  'deadline',
  'device_offline',
  'device_lost',
  'broker_restarting',
  'store_full',
  'owner_gone',
  'lease_lost',
];

/** Does what the steps of a schedule say, whatever becomes of the device meanwhile. */
export class Drive {
  readonly sent = new Map<string, Sent>();
  readonly #options: DriveOptions;

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  async run({ steps }: Pick<Schedule, 'steps'>): Promise<void> {
    for (const step of steps) {
      this.#options.trace(Object.values(step).join(' '));
      await this.#act(step);
    }
  }

  /** The messages that have not met their fate; waits at most `ms` for it. */
  async unsettled(ms: number): Promise<readonly string[]> {
    const { first } = this.#options;
    const left = () => [...this.sent.values()].flatMap(({ key, result }) => (result?.ok ? [] : [key]));
    await first.until(() => left().length === 0, ms);
    return left();
  }

  async #act(step: Step): Promise<unknown> {
    const { first } = this.#options;
    switch (step.do) {
      case 'pause':
        return new Promise((resolve) => setTimeout(resolve, step.ms));
      case 'send':
        return void this.#send(step.key, step.text, this.#scope(step.conversation));
      case 'send_again':
        return void this.#sendAgain(step.key);
      case 'send_other':
        return void this.#sendOther(step.key);
      case 'await': {
        const view = this.#view(step.conversation);
        return first.until(() => this.#isSeen(view, step.what), patienceMs);
      }
      case 'abort':
        return void first.client.abort(this.#scope(step.conversation));
      case 'resume':
        return void first.client.call('resume_queue', { runtime: this.#scope(step.conversation) });
      case 'remove': {
        const item = this.#view(step.conversation).transcript.queue[0];
        if (typeof item?.id !== 'string') return;
        return void first.client.call('remove_queue_item', {
          runtime: this.#scope(step.conversation),
          item_id: item.id,
        });
      }
      case 'mode': {
        const payload = { mode: step.mode };
        return void first.client.call('change_device_state', {
          runtime: this.#scope(step.conversation),
          payload,
        });
      }
    }
  }

  #scope(conversation: number): Scope {
    const scope = this.#options.scopes[conversation];
    if (!scope) throw new Error(`the schedule has no conversation ${conversation}`);
    return scope;
  }

  #view(conversation: number): View {
    const view = this.#options.first.views.get(scopeKey(this.#scope(conversation)));
    if (!view) throw new Error(`nobody follows conversation ${conversation}`);
    return view;
  }

  async #send(key: string, text: string, scope: Scope): Promise<void> {
    const sent: Sent = { scope, key, text, result: null };
    this.sent.set(key, sent);
    return this.follow(sent, this.#options.first.client);
  }

  /** Sends it, until it has met its fate. */
  async follow(sent: Sent, by: Client): Promise<void> {
    const { key, scope, text } = sent;
    for (;;) {
      const result = await by.send(scope, text, { client_message_id: key, until: 'settled' });
      sent.result = result;
      this.#options.first.noticed();
      if (result.ok) return;
      if (!passing.includes(result.failure.code))
        return this.#options.broken(`lost: ${key} was refused: ${result.failure.message}`);
      // A full disk takes nothing, and says so; a person tries again.
      if (result.failure.code === 'unreachable') return;
    }
  }

  async #sendAgain(key: string): Promise<void> {
    const sent = this.sent.get(key);
    if (!sent) return;
    const result = await this.#input(sent.scope, key, sent.text);
    if (!result.ok && !passing.includes(result.failure.code))
      this.#options.broken(`twice: ${key}, sent again as it was, got ${result.failure.code}`);
  }

  /** Only once the device is known to have the first one. */
  async #sendOther(key: string): Promise<void> {
    const sent = this.sent.get(key);
    const view = sent && this.#options.first.views.get(scopeKey(sent.scope));
    if (!sent || !view?.told.receipts.some((receipt) => receipt.key === key)) return;
    const result = await this.#input(sent.scope, key, somethingElse);
    if (result.ok) return this.#options.broken(`lost: something else was taken as ${key}`);
    const { code } = result.failure;
    if (code !== 'idempotency_conflict' && !passing.includes(code))
      this.#options.broken(`lost: something else, sent as ${key}, got ${code}`);
  }

  #input(scope: Scope, key: string, content: string): Promise<CallResult<'input'>> {
    const messages = [{ role: 'user' as const, content, client_message_id: key }];
    return this.#options.second.client.call('input', {
      runtime: scope,
      payload: { kind: 'create_message', messages },
    });
  }
  #isSeen({ transcript, scope }: View, what: Sight): boolean {
    const { loop, approvals, items } = transcript;
    switch (what) {
      case 'approval':
        return approvals.length > 0;
      case 'tool':
        return items.some((item) => item.kind === 'call' && item.status === 'running');
      case 'text':
        return items.at(-1)?.kind === 'assistant' && loop?.status === 'PROCESSING_API_RESPONSE';
      case 'rest':
        return [...this.sent.values()].every((sent) => sent.scope !== scope || sent.result?.ok);
    }
  }
}
