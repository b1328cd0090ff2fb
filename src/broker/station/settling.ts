import { newSessionId, readStamp, stamp } from '../../hub/stamp.ts';
import type { Clock } from '../../link/clock.ts';
import { fields } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { owner } from '../../protocol/privileges.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Fate, Inbox, Parked } from '../store/inbox.ts';
import { fateReceipt } from './parking.ts';

export type SettlingOptions = {
  readonly inbox: Pick<Inbox, 'settle' | 'remove' | 'sent' | 'pass'>;
  readonly clock: Clock;
  /** To every client on the scope. */
  say(frame: Frame): void;
  /** An entry waits no longer. */
  left(scope: Scope): void;
};

/** The ends of what was parked: taken by the device, which then knows its fate, or not, which the broker then has to say (IN-2). */
export class Settling {
  /** Positions that were sent to a device that keeps a record and not answered, by this process or an earlier one: it may have them. */
  readonly doubtful = new Set<number>();
  readonly #options: SettlingOptions;
  /** Stamps the station's own questions, so that their answers are no client's. */
  readonly #own = newSessionId();
  /** Inputs that the device has taken, by their place: it is asked what became of them. */
  readonly #asked = new Map<string, Parked>();

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** It goes to a device that keeps a record of it. Durable first: the next process must know that it may be there. */
  sent(position: number): void {
    if (this.doubtful.has(position)) return;
    this.#options.inbox.sent(position);
    this.doubtful.add(position);
  }

  /** The device has it: its own receipts tell the rest. */
  taken(entry: Parked): void {
    const { inbox, clock, left } = this.#options;
    const { kind, scope, key, hash, position } = entry;
    if (kind === 'message' && key !== null && hash !== null) inbox.pass(scope, key, hash, clock.now());
    this.doubtful.delete(position);
    inbox.remove(position);
    left(scope);
  }

  /** It was taken, but nobody here heard what the device told of it since: `questions` are to be asked. */
  takenUnheard(entry: Parked): void {
    this.taken(entry);
    if (entry.kind === 'message') this.#asked.set(`${entry.position}`, entry);
  }

  /** It goes no further; only messages have receipts. */
  end(entry: Parked, state: Fate['state'], code: string | null): void {
    const { inbox, clock, say, left } = this.#options;
    const { kind, key, inputId, scope, position } = entry;
    if (kind === 'message' && key !== null) {
      const fate = { state, code, at: clock.now() };
      // [IN-1] The device has another message under that id, and the fate of the id is that message's.
      if (code === 'idempotency_conflict') inbox.remove(position);
      else inbox.settle(entry, fate);
      say(fateReceipt(scope, key, { inputId, ...fate }));
    } else inbox.remove(position);
    left(scope);
  }

  /** It waited too long. */
  tooLate(entry: Parked): void {
    const doubtful = this.doubtful.delete(entry.position);
    this.end(entry, doubtful ? 'indeterminate' : 'failed', 'parking_expired');
  }

  /** What is to be asked over a link that is up. */
  questions(): readonly Frame[] {
    return [...this.#asked].map(([name, { scope, key }]) => ({
      type: 'input_receipt_get',
      request_id: stamp({ session: this.#own, requestId: name }),
      runtime: scope,
      client_message_id: key,
      auth: owner('broker'),
    }));
  }

  /** Whether a frame answers a question of the station itself. */
  asked(frame: Frame): boolean {
    return readStamp(frame.request_id)?.session === this.#own;
  }

  answer(frame: Frame): void {
    const name = readStamp(frame.request_id)?.requestId ?? '';
    const entry = this.#asked.get(name);
    const answers = frame.type === 'input_receipt_get_response' || frame.type === 'error';
    if (!entry || !answers) return;
    this.#asked.delete(name);
    const receipt = fields(frame.receipt);
    if (typeof receipt.state !== 'string') return this.end(entry, 'indeterminate', 'input_not_found');
    const { scope, key } = entry;
    this.#options.say({ ...receipt, type: 'input_receipt', runtime: scope, client_message_id: key });
  }
}
