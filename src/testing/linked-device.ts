import type { Pipe } from '../link/pipe.ts';
import { fields, list } from '../protocol/dialects/loose.ts';
import type { CommandType, Frame } from '../protocol/frames.ts';
import { failedReply, okReply } from '../protocol/reply.ts';
import { type Scope, scopeKey, scopeOf } from '../protocol/shapes.ts';

type Body = { readonly type: string; readonly [field: string]: unknown };
type Stored = { readonly position: number; readonly text: string };
type Input = { state: string; readonly inputId: string };

/**
 * A device's end of its link, without a runtime: it greets, feeds what is written into it by hand, and keeps a record of what it took.
 * What it keeps outlives its links, as a device's store outlives its process.
 */
export class LinkedDevice {
  /** Every command that arrived, oldest first. */
  readonly heard: Frame[] = [];
  /** Everything a broker said about the link itself. */
  readonly told: Frame[] = [];
  /** Identities of the messages it worked, in order; each is worked once. */
  readonly worked: string[] = [];
  /** Takes a command away from the answers that are always the same. */
  readonly handlers = new Map<string, (frame: Frame) => void>();
  /** Greets when it is greeted. */
  greets = true;
  /** Commits, and dies before it says so. */
  mute = false;
  feedId = 'feed-1';
  closed: { readonly code: number; readonly reason: string } | null = null;
  readonly #consumed = new Set<number>();
  readonly #inputs = new Map<string, Input>();
  readonly #heads = new Map<string, number>();
  #feed: Stored[] = [];
  #pipe: Pipe | null = null;
  #position = 0;
  #greeted = false;

  attach(pipe: Pipe): void {
    this.#pipe = pipe;
    this.#greeted = false;
    this.closed = null;
    pipe.listen({
      message: (text) => this.#hear(JSON.parse(text) as Frame),
      closed: (why) => {
        if (this.#pipe !== pipe) return;
        this.closed = why;
        this.#pipe = null;
      },
    });
  }

  send(frame: Body): void {
    if (!this.mute) this.#pipe?.send(JSON.stringify(frame));
  }

  raw(text: string): void {
    this.#pipe?.send(text);
  }

  /** Stores an event and tells it, or will when it is greeted. Returns its text. */
  emit(scope: Scope, { type, ...body }: Body): string {
    const key = scopeKey(scope);
    const seq = (this.#heads.get(key) ?? 0) + 1;
    this.#heads.set(key, seq);
    const text = JSON.stringify({
      type,
      runtime: scope,
      ...body,
      event_seq: seq,
      emitted_at: '2026-01-01T00:00:00.000Z',
      idempotency_key: `${type}:log-${key}:${seq}`,
    });
    this.#position += 3;
    const position = this.#position;
    this.#feed.push({ position, text });
    if (this.#greeted) this.#feedOne({ position, text });
    return text;
  }

  loop(scope: Scope, status: string, active_run_ids: readonly string[] = []): void {
    this.emit(scope, { type: 'update_loop_status', loop_status: { status, active_run_ids } });
  }

  /** Its store was lost: everything begins again. */
  forgetFeed(feedId: string): void {
    this.feedId = feedId;
    this.#feed = [];
    this.#heads.clear();
    this.#position = 0;
  }

  /** Moves an input on, and tells everyone. */
  receipt(scope: Scope, id: string, state: string): void {
    const input = this.#inputs.get(`${scopeKey(scope)} ${id}`);
    if (input) input.state = state;
    this.send({ type: 'input_receipt', ...this.#receiptOf(scope, id) });
  }

  hello(inboxFirst = 0): Frame {
    const consumed = [...this.#consumed].filter((position) => position >= inboxFirst);
    return {
      type: 'device_hello',
      feed_id: this.feedId,
      head: this.#position,
      consumed,
      default_agent_id: 'agent-1',
    };
  }

  #hear(frame: Frame): void {
    if (frame.type === 'broker_hello') return this.#greet(frame);
    if (frame.type === 'pong') {
      this.told.push(frame);
      return;
    }
    this.heard.push(frame);
    const handler = this.handlers.get(frame.type);
    if (handler) handler(frame);
    else this.answer(frame);
  }

  #greet(frame: Frame): void {
    this.told.push(frame);
    if (!this.greets) return;
    this.send(this.hello(Number(frame.first)));
    this.#greeted = true;
    const own = frame.feed_id === this.feedId && Number(frame.have) <= this.#position;
    for (const { position, text } of this.#feed) {
      if (!own || position > Number(frame.have)) this.#feedOne({ position, text });
    }
  }

  #feedOne({ position, text }: Stored): void {
    this.raw(text);
    this.send({ type: 'feed_mark', position });
  }

  /** The answer that is always the same. */
  answer(frame: Frame): void {
    const { inbox } = frame;
    const again = typeof inbox === 'number' && this.#consumed.has(inbox);
    if (typeof inbox === 'number') this.#consumed.add(inbox);
    if (frame.type === 'input' && !again) this.#work(frame);
    const requestId = String(frame.request_id);
    if (frame.type === 'input_receipt_get') return this.#answerReceipt(frame, requestId);
    const reply = okReply(frame.type as CommandType, requestId, { runtime: frame.runtime });
    if (reply) this.send(reply);
  }

  #work(frame: Frame): void {
    const scope = scopeOf(frame.runtime);
    const { kind, messages } = fields(frame.payload);
    if (!scope || kind !== 'create_message') return;
    const id = String(fields(list(messages)[0]).client_message_id);
    const key = `${scopeKey(scope)} ${id}`;
    if (this.#inputs.has(key)) return;
    this.#inputs.set(key, { state: 'accepted', inputId: `device-${id}` });
    this.worked.push(id);
    this.receipt(scope, id, 'accepted');
  }

  #answerReceipt(frame: Frame, requestId: string): void {
    const scope = scopeOf(frame.runtime);
    const id = String(frame.client_message_id);
    if (scope && this.#inputs.has(`${scopeKey(scope)} ${id}`)) {
      const reply = okReply('input_receipt_get', requestId, { receipt: this.#receiptOf(scope, id) });
      return this.send(reply);
    }
    this.send(failedReply(frame.type, requestId, { code: 'input_not_found', message: 'unknown' }));
  }

  #receiptOf(runtime: Scope, id: string) {
    const input = this.#inputs.get(`${scopeKey(runtime)} ${id}`);
    return {
      runtime: { agent_id: runtime.agent_id, conversation_id: runtime.conversation_id },
      client_message_id: id,
      input_id: input?.inputId,
      state: input?.state,
      authority: 'device',
      at: 0,
    };
  }
}
