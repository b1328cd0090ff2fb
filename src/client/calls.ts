import type { Clock, Timer } from '../link/clock.ts';
import { type Failure, failure, isErrorCode } from '../protocol/errors.ts';
import type { CommandArgs, CommandType, Frame, ReplyPayload } from '../protocol/frames.ts';
import { commandSpec } from '../protocol/routing.ts';
import { checkReply } from '../protocol/validate.ts';

/** How a command ended. `value` holds the reply's fields, also those that the contract does not name. */
export type CallResult<T extends CommandType> =
  | { readonly ok: true; readonly value: ReplyPayload<T> }
  | { readonly ok: false; readonly failure: Failure };

type Result =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly failure: Failure };
type Call = {
  readonly type: CommandType;
  readonly text: string;
  readonly deadlineMs: number;
  readonly replyType: string | null;
  /** Looking twice is no harm, so a lost connection does not end it. */
  readonly repeatable: boolean;
  /** A lost connection ends it, whatever comes. */
  readonly once: boolean;
  readonly done: (result: Result) => void;
  readonly timer: Timer;
  /** `parted`: over a connection that is lost; the answer may still come. */
  sent: false | true | 'parted';
};

export type CallsOptions = {
  readonly clock: Clock;
  /** A fresh `request_id`. */
  mint(): string;
  /** False while there is no connection. */
  send(text: string): boolean;
};

/** The commands of a client that have no answer yet, over all its connections (ERR-1). */
export class Calls {
  readonly #options: CallsOptions;
  readonly #calls = new Map<string, Call>();
  #refused: Failure | null = null;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  call<T extends CommandType>(type: T, args: CommandArgs<T>): Promise<CallResult<T>> {
    return new Promise((resolve) => this.start(type, args, resolve));
  }

  /** As `call`, but `done` runs before any frame after the answer is looked at. `once`: a lost connection ends it. */
  start<T extends CommandType>(
    type: T,
    args: CommandArgs<T>,
    done: (result: CallResult<T>) => void,
    { once = false }: { readonly once?: boolean } = {},
  ): void {
    if (this.#refused) return done({ ok: false, failure: this.#refused });
    const spec = commandSpec(type);
    const deadlineMs = spec?.deadlineMs ?? 0;
    const requestId = args.request_id ?? this.#options.mint();
    const timer = this.#options.clock.after(deadlineMs, () => this.#expire(requestId));
    const call: Call = {
      type,
      text: JSON.stringify({ ...args, type, request_id: requestId }),
      deadlineMs,
      replyType: spec?.reply?.type ?? null,
      repeatable: !once && spec?.privilege === 'observe',
      once,
      // `checkReply` has seen to it that the frame is that command's reply.
      done: (result) => done(result.ok ? { ok: true, value: result.frame as ReplyPayload<T> } : result),
      timer,
      sent: false,
    };
    this.#calls.set(requestId, call);
    this.#send(requestId, call);
  }

  /** True when the frame is the answer to a command of this client. */
  answer(frame: Frame): boolean {
    const { request_id: requestId } = frame;
    const call = typeof requestId === 'string' ? this.#calls.get(requestId) : undefined;
    if (!call || typeof requestId !== 'string') return false;
    if (frame.type === 'error') {
      this.#end(requestId, { ok: false, failure: failureOf(frame.code, frame.message) });
      return true;
    }
    if (frame.type !== call.replyType) return false;
    const checked = checkReply(call.type, frame);
    if (!checked.ok) this.#end(requestId, checked);
    else if (frame.success === false || frame.accepted === false) {
      this.#end(requestId, { ok: false, failure: failureOf(frame.error_code, frame.error) });
    } else this.#end(requestId, { ok: true, frame });
    return true;
  }

  /** There is a connection: what waited for one is sent. `resumed`: the answers to what was sent before still come (SEQ-3). */
  up(resumed: boolean): void {
    for (const [requestId, call] of [...this.#calls]) {
      if (call.sent === 'parted' && resumed) call.sent = true;
      if (call.sent === 'parted') this.#lose(requestId, call);
      if (!call.sent) this.#send(requestId, call);
    }
  }

  /** The connection is lost. */
  down(mayResume: boolean): void {
    for (const [requestId, call] of [...this.#calls]) {
      if (call.sent && mayResume && !call.once) call.sent = 'parted';
      else if (call.sent) this.#lose(requestId, call);
    }
  }

  /** Nothing is sent any more. `why`: what whoever asks is told, other than that the client was closed. */
  close(why: Failure | null = null): void {
    this.#refused = why ?? failure('unreachable', 'The client was closed.');
    for (const [requestId, call] of [...this.#calls])
      this.#end(requestId, { ok: false, failure: why ?? given(call, 'The client was closed') });
  }

  #send(requestId: string, call: Call): void {
    call.sent = this.#options.send(call.text);
    if (call.sent && call.replyType === null) this.#end(requestId, { ok: true, frame: { type: call.type } });
  }

  /** Only what may be asked twice is asked again. */
  #lose(requestId: string, call: Call): void {
    if (call.repeatable) call.sent = false;
    else
      this.#end(requestId, {
        ok: false,
        failure: unknownOutcome(call, 'The connection was lost before the answer'),
      });
  }

  #expire(requestId: string): void {
    const call = this.#calls.get(requestId);
    if (call)
      this.#end(requestId, {
        ok: false,
        failure: given(call, `There was no answer for ${call.deadlineMs / 1000} s`),
      });
  }

  #end(requestId: string, result: Result): void {
    const call = this.#calls.get(requestId);
    this.#calls.delete(requestId);
    call?.timer.cancel();
    call?.done(result);
  }
}

const given = (call: Call, why: string): Failure =>
  call.sent
    ? unknownOutcome(call, why)
    : failure(
        'unreachable',
        `${why}: "${call.type}" was never sent, since there was no connection. Try again when there is one.`,
      );

const unknownOutcome = ({ type }: Call, why: string): Failure =>
  failure('deadline', `${why}: whether "${type}" was done is unknown. Look before asking again.`);

/** A peer's word for what went wrong; its code may be one that this program does not know. */
function failureOf(code: unknown, message: unknown): Failure {
  const known = typeof code === 'string' && isErrorCode(code) ? code : 'internal';
  return failure(known, typeof message === 'string' ? message : 'The peer gave no reason.');
}
