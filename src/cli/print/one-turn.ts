import type { Client } from '../../client/client.ts';
import type { Follower } from '../../client/follower.ts';
import { emptyTranscript, fold, type Transcript } from '../../client/transcript.ts';
import type { Frame } from '../../protocol/frames.ts';
import { progressText } from '../show/progress.ts';
import { readRequest } from '../show/request.ts';
import { callLine } from '../show/tool-call.ts';
import { shortId } from '../talk/approvals.ts';
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
  readonly #asked = new Set<string>();
  #turn: WatchedTurn;
  #transcript: Transcript = emptyTranscript;
  #follower: Follower | null = null;
  #sent = false;
  #timer: NodeJS.Timeout | undefined;
  #stopReason: string | null = null;

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
      synced: () => this.#send(),
      failed: ({ message }) => this.#fail('error', message),
    });
    return this.#over.promise.finally(() => {
      clearTimeout(this.#timer);
      this.#follower?.stop();
    });
  }

  /** What is waited for, for a line that is not kept. */
  progress(): string | null {
    return progressText(this.#transcript.loop, Date.now());
  }

  #send(): void {
    if (this.#sent) return;
    this.#sent = true;
    const { client, place, prompt, clientMessageId: client_message_id } = this.#options;
    void client.send(place.scope, prompt, { client_message_id, until: 'settled' }).then((result) => {
      if (!result.ok) return this.#fail('error', result.failure.message);
      // Its end is an event and comes at once, unless it was lost in a gap or the input never had a turn.
      const { state } = result.fate;
      if (state === 'cancelled' && !this.#turn.startedAt)
        return this.#fail('cancelled', 'It was taken out of the queue.');
      setTimeout(
        () =>
          this.#fail(
            'stream_closed',
            `The turn has ended (${state}), but its end was not heard. See farhand conversations show.`,
          ),
        lateMs,
      ).unref();
    });
  }

  #event(frame: Frame): void {
    this.#transcript = fold(this.#transcript, frame);
    this.#take(hearFrame(this.#turn, frame, Date.now()));
    this.#answer();
  }

  #fail(stopReason: string, detail: string): void {
    this.#take(failTurn(this.#turn, stopReason, detail, Date.now()));
  }

  #take({ turn, messages }: Heard): void {
    this.#turn = turn;
    for (const message of messages) {
      const told =
        this.#stopReason !== null && message.type === 'result'
          ? { ...message, errorDetail: this.#stopReason }
          : message;
      this.#options.tell(told);
      if (told.type === 'result') this.#over.resolve(told);
    }
  }

  /** Requests of a turn that somebody else began are theirs to answer. */
  #answer(): void {
    const { client, place, approve, note } = this.#options;
    if (!this.#turn.active || !this.#turn.leads) return;
    for (const approval of this.#transcript.approvals) {
      const request = readRequest(approval);
      if (!request || this.#asked.has(request.requestId)) continue;
      this.#asked.add(request.requestId);
      const call = callLine(request.tool, request.input);
      if (approve === 'wait') {
        note(`${call} waits for approval: farhand approvals allow ${shortId(request.requestId)}`);
        continue;
      }
      note(
        `Denied ${call}: nobody is here to approve it. --approve wait leaves it to another terminal, --mode allows more.`,
      );
      const message = 'Denied: this turn was sent by a script, and nobody is there to approve it.';
      void client.decide(
        place.scope,
        request.requestId,
        { behavior: 'deny', message },
        request.inputHash ?? undefined,
      );
    }
  }

  /** The turn is stopped, or where it has not begun, the prompt is taken back. */
  #stop(detail: string): void {
    const { client, place, clientMessageId, note } = this.#options;
    if (this.#stopReason !== null || this.#turn.result) return;
    this.#stopReason = detail;
    const queued = this.#transcript.queue.find(({ client_message_id: id }) => id === clientMessageId);
    if (typeof queued?.id === 'string') {
      void client.call('remove_queue_item', { runtime: { ...place.scope }, item_id: queued.id });
    } else if (this.#turn.active) {
      note('Stopping the turn…');
      void client.abort(place.scope, this.#turn.runs.at(-1));
    } else this.#fail('interrupted', detail);
  }
}
