import type { Client } from '../../client/client.ts';
import type { Follower } from '../../client/follower.ts';
import { emptyTranscript, fold, type Transcript } from '../../client/transcript.ts';
import type { Frame } from '../../protocol/frames.ts';
import { progressText } from '../show/progress.ts';
import { type Request, readRequest } from '../show/request.ts';
import { callLine } from '../show/tool-call.ts';
import { shortId } from '../talk/approvals.ts';
import { machineName } from '../talk/device-news.ts';
import type { Place } from '../talk/place.ts';
import type { ResultMessage, SdkMessage } from './sdk-message.ts';
import { failTurn, type Heard, hearFrame, type WatchedTurn, watchTurn } from './watched-turn.ts';

export type OneTurnOptions = {
  readonly client: Client;
  readonly place: Place;
  readonly prompt: string;
  /** `deny`: nobody is there to approve what this turn wants to do. `wait`: somebody else will. */
  readonly approve: 'deny' | 'wait';
  readonly timeoutMs: number | null;
  /** Flags that another command needs to be about the same machine. */
  readonly wayFlags: string;
  /** Ctrl-C once, and again. */
  readonly stop: AbortSignal;
  readonly stopNow: AbortSignal;
  readonly tell: (message: SdkMessage) => void;
  /** What people should know beside the messages. */
  readonly note: (text: string) => void;
  readonly clientMessageId: string;
};

/** How long the end of a turn may come after its receipt. */
const lateMs = 5_000;

/** Sends one prompt and watches its turn to the end, which is always a `result`. */
export class OneTurn {
  readonly #options: OneTurnOptions;
  readonly #over = Promise.withResolvers<ResultMessage>();
  /** Requests that were denied here, and those that a person was told of. */
  readonly #denied = new Set<string>();
  readonly #told = new Set<string>();
  #turn: WatchedTurn;
  #transcript: Transcript = emptyTranscript;
  #follower: Follower | null = null;
  #sent = false;
  /** The prompt waits at a broker for a machine that is away. */
  #parked = false;
  #timer: NodeJS.Timeout | undefined;
  #stopReason: string | null = null;
  #cancelled = false;

  constructor(options: OneTurnOptions) {
    this.#options = options;
    const { place, clientMessageId } = options;
    const { agent_id: agentId, conversation_id: conversationId } = place.scope;
    this.#turn = watchTurn({ clientMessageId, agentId, conversationId });
  }

  run(): Promise<ResultMessage> {
    const { client, place, timeoutMs, stop, stopNow, note } = this.#options;
    stop.addEventListener('abort', () => this.#stop('Stopped by Ctrl-C.'));
    stopNow.addEventListener('abort', () =>
      this.#fail('interrupted', 'Stopped by Ctrl-C before the turn had ended.'),
    );
    if (timeoutMs !== null) {
      const text = `The turn was stopped after ${timeoutMs / 1000} s (--timeout).`;
      this.#timer = setTimeout(() => this.#stop(text), timeoutMs);
    }
    this.#follower = client.follow(place.scope, {
      event: (frame) => this.#event(frame),
      snapshot: (frame) => {
        this.#transcript = fold(this.#transcript, frame);
        this.#answer();
      },
      gap: ({ from, to }) =>
        note(`${to - from + 1} events are no longer kept: a part of the answer may be missing.`),
      receipt: (frame) => this.#receipt(frame),
      synced: () => this.#send(),
      failed: ({ message }) => this.#fail('error', message),
    });
    if (stop.aborted) this.#stop('Stopped by Ctrl-C.');
    return this.#over.promise.finally(() => {
      clearTimeout(this.#timer);
      this.#follower?.stop();
    });
  }

  /** What is waited for, for a line that is not kept. */
  progress(): string | null {
    if (this.#parked) return `waiting for ${this.#machine()}`;
    return progressText(this.#transcript, Date.now());
  }

  #send(): void {
    if (this.#sent || this.#turn.result) return;
    this.#sent = true;
    const { client, place, prompt, clientMessageId: client_message_id } = this.#options;
    void client.send(place.scope, prompt, { client_message_id, until: 'settled' }).then((result) => {
      if (!result.ok) return this.#fail('error', result.failure.message);
      // Its end is an event and comes at once, unless it was lost in a gap or the input never had a turn.
      const { state, authority, code } = result.fate;
      if (authority === 'broker')
        return this.#fail('error', `The prompt never began: ${state}${code ? ` (${code})` : ''}.`);
      if (state === 'cancelled' && !this.#turn.startedAt)
        return this.#fail('cancelled', 'It was taken out of the queue.');
      setTimeout(
        () =>
          this.#fail(
            'stream_closed',
            `The turn has ended (${state}), but its end was not heard. See farhand conversations show${this.#options.wayFlags}.`,
          ),
        lateMs,
      ).unref();
    });
  }

  #receipt({ client_message_id, state }: Frame): void {
    if (client_message_id !== this.#options.clientMessageId || this.#parked === (state === 'parked')) return;
    this.#parked = state === 'parked';
    const { note } = this.#options;
    if (this.#parked) note(`The prompt waits at the broker until ${this.#machine()} is back.`);
    else note(`The prompt was delivered to ${this.#machine()}.`);
    this.#cancel();
  }

  #machine(): string {
    return machineName(this.#options.client.state());
  }

  #event(frame: Frame): void {
    this.#transcript = fold(this.#transcript, frame);
    this.#take(hearFrame(this.#turn, frame, Date.now()));
    this.#answer();
    this.#cancel();
  }

  #fail(stopReason: string, detail: string): void {
    this.#take(failTurn(this.#turn, stopReason, detail, Date.now()));
  }

  #take({ turn, messages }: Heard): void {
    this.#turn = turn;
    for (const message of messages.map((one) => withReason(one, this.#stopReason))) {
      this.#options.tell(message);
      if (message.type === 'result') this.#over.resolve(message);
    }
  }

  /** Requests of a turn that somebody else began are theirs to answer, but this one may have to wait for it. */
  #answer(): void {
    const { approve, note, wayFlags } = this.#options;
    const { active, leads } = this.#turn;
    for (const approval of this.#transcript.approvals) {
      const request = readRequest(approval);
      if (!request) continue;
      const { requestId } = request;
      const denies = active && leads && approve === 'deny';
      const known = denies ? this.#denied : this.#told;
      if (known.has(requestId)) continue;
      known.add(requestId);
      const call = callLine(request.tool, request.input);
      const waits = `${call} waits for approval: farhand approvals allow ${shortId(requestId)}${wayFlags}`;
      if (denies) this.#deny(request, call);
      else note(active ? waits : `Another turn comes first: ${waits}`);
    }
  }

  #deny({ requestId, inputHash }: Request, call: string): void {
    const { client, place, note } = this.#options;
    const message = 'Denied: this turn was sent by a script, and nobody is there to approve it.';
    const denied = client.decide(
      place.scope,
      requestId,
      { behavior: 'deny', message },
      inputHash ?? undefined,
    );
    void denied.then(({ ok }) => {
      // With the connection lost nobody knows whether it was heard: if not, it is asked again.
      if (!ok) return void this.#denied.delete(requestId);
      note(
        `Denied ${call}: nobody is here to approve it. --approve wait leaves it to another terminal, --mode allows more.`,
      );
    });
  }

  #stop(reason: string): void {
    if (this.#stopReason !== null || this.#turn.result) return;
    this.#stopReason = reason;
    if (this.#sent) this.#cancel();
    else this.#fail('interrupted', reason);
  }

  /** Stops the turn, or takes the prompt back out of the queue; of a prompt that is still on its way, as soon as it shows. */
  #cancel(): void {
    if (this.#stopReason === null || this.#cancelled || this.#turn.result) return;
    const { client, place, clientMessageId, note } = this.#options;
    const runtime = { ...place.scope };
    const queued = this.#transcript.queue.find(({ client_message_id: id }) => id === clientMessageId);
    if (this.#parked) this.#leaveParked();
    else if (typeof queued?.id === 'string')
      this.#cancelling(client.call('remove_queue_item', { runtime, item_id: queued.id }));
    else if (this.#turn.active) {
      note('Stopping the turn…');
      this.#cancelling(client.abort(place.scope, this.#turn.runs.at(-1)));
    }
  }

  /** Only the machine itself could take it back. */
  #leaveParked(): void {
    const stays = `The prompt still waits at the broker and will be worked when ${this.#machine()} is back.`;
    this.#stopReason = `${this.#stopReason} ${stays}`;
    this.#fail('interrupted', this.#stopReason);
  }

  /** It may have begun, or the connection may be lost, in between: then the next event shows what there is to stop. */
  #cancelling(call: Promise<{ readonly ok: boolean }>): void {
    this.#cancelled = true;
    void call.then(({ ok }) => {
      this.#cancelled = ok;
    });
  }
}

/** That a turn was aborted is known to who stopped it; why, is worth telling. */
function withReason(message: SdkMessage, reason: string | null): SdkMessage {
  if (reason === null) return message;
  if (message.type === 'error') return { ...message, message: reason };
  return message.type === 'result' && !message.success ? { ...message, errorDetail: reason } : message;
}
