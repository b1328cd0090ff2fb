import type { EventLog, LogPage } from '../hub/event-log.ts';
import type { Pipe } from '../link/pipe.ts';
import type { CommandType, Frame } from '../protocol/frames.ts';
import { okReply } from '../protocol/reply.ts';
import { type Scope, scopeKey } from '../protocol/shapes.ts';

type Stored = { readonly event_seq: number; readonly text: string };
type Log = { log_id: string; readonly events: Stored[]; head: number };
type Sent = { readonly content?: unknown; readonly client_message_id?: string };
/** The `type` and body of an event or a push. */
export type Body = { readonly type: string; readonly [field: string]: unknown };

/**
 * A device without a runtime: an event log that is written by hand, answers that are always the same, and a memory of inputs. What it
 * keeps outlives its links, as a device's store outlives its process.
 */
export class StubDevice implements EventLog {
  /** Every command that arrived, oldest first. */
  readonly heard: Frame[] = [];
  /** Takes a command away from the answers that are always the same. */
  readonly handlers = new Map<string, (frame: Frame) => void>();
  /** Tool requests that a sync tells of. */
  readonly pending: Body[] = [];
  /** Bytes handed out of the log so far. */
  bytesRead = 0;
  /** While set, the log throws it. */
  fault: Error | null = null;
  readonly #logs = new Map<string, Log>();
  readonly #inputs = new Map<string, string>();
  #pipe: Pipe | undefined;
  #named = 0;

  attach(pipe: Pipe): void {
    this.#pipe = pipe;
    pipe.listen({
      message: (text) => {
        const frame = JSON.parse(text) as Frame;
        this.heard.push(frame);
        const handler = this.handlers.get(frame.type);
        if (handler) handler(frame);
        else this.answer(frame);
      },
      closed: () => undefined,
    });
  }

  send(frame: Body): void {
    this.#pipe?.send(JSON.stringify(frame));
  }

  /** Stores an event and sends it; returns its text. */
  emit(scope: Scope, body: Body): string {
    const text = this.commit(scope, body);
    this.#pipe?.send(text);
    return text;
  }

  /** Stores an event without sending it: what comes of it is on its way. */
  commit(scope: Scope, { type, ...body }: Body): string {
    const log = this.#logOf(scope);
    log.head += 1;
    const key = { event_seq: log.head, idempotency_key: `${type}:${log.log_id}:${log.head}` };
    const text = JSON.stringify({ type, runtime: scope, ...body, ...key });
    log.events.push({ event_seq: log.head, text });
    return text;
  }

  /** The texts of the events that are stored. */
  stored(scope: Scope): readonly string[] {
    return this.#logOf(scope).events.map(({ text }) => text);
  }

  trim(scope: Scope, to: number): void {
    const { events } = this.#logOf(scope);
    events.splice(0, events.filter(({ event_seq }) => event_seq <= to).length);
  }

  /** Puts an empty log under another name in the place of the old one. */
  renew(scope: Scope): void {
    this.#logs.delete(scopeKey(scope));
    this.#logOf(scope);
  }

  head(scope: Scope): { log_id: string; event_seq: number } | null {
    if (this.fault) throw this.fault;
    const log = this.#logs.get(scopeKey(scope));
    return log ? { log_id: log.log_id, event_seq: log.head } : null;
  }

  read(scope: Scope, after: number, maxBytes: number): LogPage {
    if (this.fault) throw this.fault;
    const log = this.#logs.get(scopeKey(scope));
    if (!log) return { events: [], gap: null };
    const events: Stored[] = [];
    let bytes = 0;
    for (const event of log.events) {
      if (event.event_seq <= after) continue;
      bytes += event.text.length;
      if (bytes > maxBytes && events.length > 0) break;
      this.bytesRead += event.text.length;
      events.push(event);
    }
    const to = events[0] ? events[0].event_seq - 1 : log.head;
    return { events, gap: to > after ? { from: after + 1, to } : null };
  }

  /** The answer that is always the same. */
  answer(frame: Frame): void {
    if (frame.type === 'sync') return this.answerSync(frame);
    if (frame.type === 'input') return this.#answerInput(frame);
    const reply = okReply(frame.type as CommandType, frame.request_id as string, { runtime: frame.runtime });
    if (reply) this.send(reply);
  }

  /** Snapshots, what waits for a decision, and the reply; or only as many of these frames as said. */
  answerSync(frame: Frame, most = Number.POSITIVE_INFINITY): void {
    const runtime = frame.runtime as Scope;
    const head = this.#logs.get(scopeKey(runtime))?.head ?? 0;
    const now = { runtime, snapshot: true, event_seq: head };
    const asked = { ...now, request_id: frame.request_id };
    const status = { status: 'WAITING_ON_INPUT', active_run_ids: [] };
    const frames = [
      { type: 'update_loop_status', ...asked, loop_status: status },
      { type: 'update_queue', ...asked, queue: [], removed: [] },
      ...this.pending.map((request) => ({ ...now, ...request })),
      { type: 'sync_response', request_id: frame.request_id, runtime, success: true },
    ];
    for (const one of frames.slice(0, most)) this.send(one);
  }

  /** Moves an input on and tells everyone; a move out of a terminal state is none. */
  receipt(scope: Scope, id: string, state: string): void {
    this.#inputs.set(`${scopeKey(scope)} ${id}`, state);
    this.send(this.#receiptOf(scope, id));
  }

  /** How often each input was taken: once, whatever was sent again. */
  readonly taken: string[] = [];

  #answerInput(frame: Frame): void {
    const runtime = frame.runtime as Scope;
    const payload = frame.payload as { kind: string; messages?: Sent[] };
    const id = payload.messages?.find(({ content }) => content !== undefined)?.client_message_id;
    if (id !== undefined) {
      if (this.#inputs.has(`${scopeKey(runtime)} ${id}`)) {
        this.send({ ...this.#receiptOf(runtime, id), request_id: frame.request_id });
      } else {
        this.taken.push(id);
        this.receipt(runtime, id, 'accepted');
      }
    }
    this.send({ type: 'input_accepted', request_id: frame.request_id, runtime, accepted: true });
  }

  #receiptOf(runtime: Scope, client_message_id: string): Body {
    const state = this.#inputs.get(`${scopeKey(runtime)} ${client_message_id}`);
    return {
      type: 'input_receipt',
      runtime,
      client_message_id,
      input_id: `input-${client_message_id}`,
      state,
      authority: 'device',
      at: 0,
    };
  }

  #logOf(scope: Scope): Log {
    const key = scopeKey(scope);
    const known = this.#logs.get(key);
    if (known) return known;
    const log: Log = { log_id: `log-${++this.#named}`, events: [], head: 0 };
    this.#logs.set(key, log);
    return log;
  }
}
