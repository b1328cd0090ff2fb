import { apply } from '../core/apply.ts';
import type { Fact } from '../core/facts.ts';
import type { Answer, Command, DeviceView, Env, Msg, Say } from '../core/messages.ts';
import { plan } from '../core/plan.ts';
import type { State } from '../core/state.ts';
import { initialState } from '../core/state.ts';
import { step } from '../core/step.ts';
import { emptyTranscript, type Transcript, tell } from '../core/transcript.ts';
import type { Timer } from '../link/clock.ts';
import { isErrorCode } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Commit, Committed, Consumed, ScopeId, StoreError } from '../store/store.ts';
import type { Member } from './committer.ts';
import { Effects } from './effects/effects.ts';
import type { Host } from './host.ts';
import { inputChange, knownIn, receiptFrame } from './receipts.ts';
import { type Stalled, snapshots } from './snapshots.ts';
import { TaskList } from './tasks/task-list.ts';

/** Who asked: gets the one answer, and what only the asker is told. */
export type Asker = {
  readonly by: string;
  /** What names the asker's session on its hub, for pushes that come later; null where there is no hub. */
  readonly holder: string | null;
  /** The command's place in the broker's inbox that it came out of, if it did. */
  readonly inbox: Consumed | null;
  answer(answer: Answer): void;
  tell(frame: Frame): void;
};

type Waiting = { readonly msg: Msg; readonly asker: Asker | null };
type Spoken = { readonly say: Say; readonly asker: Asker | null };
type Drawn = {
  readonly taken: readonly Waiting[];
  readonly facts: readonly Fact[];
  readonly spoken: readonly Spoken[];
  readonly consumed: readonly Consumed[];
  readonly state: State;
  /** Facts since the last checkpoint, counting these; 0 when one is made with them. */
  readonly sinceCheckpoint: number;
};

/** Adjacent text of one message shares an event up to this many characters; beyond it the next one begins. */
const mergeLimit = 16 * 1024;
const checkpointEvery = 500;
const restateMs = 30_000;

/** Hosts one conversation: steps its messages, makes them durable, says what they say, and runs the effects of its plan. */
export class Conversation implements Member {
  readonly scope: ScopeId;
  /** As of the last commit; nothing newer is ever visible. */
  state: State;
  readonly tasks = new TaskList((msg) => this.hear(msg));
  readonly seen = new Map<string, string>();
  readonly #host: Host;
  readonly #effects: Effects;
  #inbox: Waiting[] = [];
  #drawn: Drawn | null = null;
  #transcript: Transcript | null = null;
  #sinceCheckpoint: number;
  #wake: Timer | null = null;
  #restate: Timer | null = null;
  #stalled: Stalled | null = null;
  #closed = false;

  constructor(scope: ScopeId, host: Host, loaded: { state: State; sinceCheckpoint: number }) {
    this.scope = scope;
    this.#host = host;
    this.state = loaded.state;
    this.#sinceCheckpoint = loaded.sinceCheckpoint;
    this.#effects = new Effects(this, host);
    this.#effects.recover(plan(this.state).effects);
    for (const { id } of this.state.tasks) this.hear({ kind: 'task', task: id, report: { kind: 'lost' } });
    this.#follow(true);
  }

  /** Works a command; its answer reaches the asker in the order of the events around it. */
  obey(command: Command, asker: Asker): void {
    this.hear({ kind: 'command', by: asker.by, command }, asker);
  }

  hear(msg: Msg, asker: Asker | null = null): void {
    if (this.#closed) return;
    const merged = mergeText(this.#inbox.at(-1)?.msg, msg);
    if (merged) this.#inbox[this.#inbox.length - 1] = { msg: merged, asker: null };
    else this.#inbox.push({ msg, asker });
    const known = msg.kind === 'model' && msg.report.kind === 'text' && this.#isOpen(msg.report.message);
    this.#host.committer.request(this, known ? 'text' : 'now');
  }

  #isOpen(message: string): boolean {
    return this.state.turn?.run?.messages.some((open) => open.id === message) ?? false;
  }

  draw(): Commit | null {
    if (this.#inbox.length === 0) return null;
    const taken = this.#inbox;
    this.#inbox = [];
    const at = this.#host.clock.now();
    let state = this.state;
    const facts: Fact[] = [];
    const spoken: Spoken[] = [];
    const consumed: Consumed[] = [];
    // Noted before anything is stepped: a store that cannot be read fails what was taken, and forgets none of it.
    this.#drawn = { taken, facts, spoken, consumed, state, sinceCheckpoint: this.#sinceCheckpoint };
    if (state.conversation_id === '') {
      const created: Fact = {
        kind: 'created',
        v: 1,
        ...this.scope,
        cwd: this.#host.cwd,
        mode: this.#host.mode,
      };
      facts.push(created);
      state = apply(state, created);
    }
    for (const { msg, asker } of taken) {
      const inbox = asker?.inbox;
      if (inbox && this.#isConsumed(inbox, consumed)) {
        spoken.push({ say: { say: 'answer', answer: answerAgain(msg) }, asker });
        continue;
      }
      const env = this.#envFor(at, state.cwd);
      const next = step(state, this.#withKnown(msg, spoken), env);
      // [IN-4] What is refused leaves no mark: it would be refused again.
      if (inbox && next.says.some((say) => say.say === 'answer' && say.answer.ok)) consumed.push(inbox);
      state = next.state;
      facts.push(...next.facts);
      for (const say of next.says) spoken.push({ say, asker });
    }
    const since = this.#sinceCheckpoint + facts.length;
    const due = since >= checkpointEvery || facts.some((fact) => fact.kind === 'turn_finished');
    this.#drawn = { taken, facts, spoken, consumed, state, sinceCheckpoint: due ? 0 : since };
    return this.#commitOf(this.#drawn, at);
  }

  /** How the device looks is found out when a step asks: it reads settings and git, and most steps are further text. */
  #envFor(at: number, cwd: string): Env {
    const host = this.#host;
    let device: DeviceView | undefined;
    return {
      at,
      id: host.mint(),
      get device() {
        device ??= host.view(cwd);
        return device;
      },
    };
  }

  /** An input's earlier fate is looked up when it is stepped, so that two copies in one batch meet. */
  #withKnown(msg: Msg, spoken: readonly Spoken[]): Msg {
    if (msg.kind !== 'command' || msg.command.do !== 'input') return msg;
    const key = msg.command.client_message_id;
    const says = spoken.map(({ say }) => say);
    const known = knownIn(says, key) ?? this.#host.store.input(this.scope, key);
    return { ...msg, command: { ...msg.command, known } };
  }

  #isConsumed({ inbox_id, position }: Consumed, now: readonly Consumed[]): boolean {
    return (
      now.some((mark) => mark.inbox_id === inbox_id && mark.position === position) ||
      this.#host.store.consumed(inbox_id, position)[0] === position
    );
  }

  #commitOf({ facts, spoken, consumed, state, sinceCheckpoint }: Drawn, at: number): Commit {
    const events = spoken.flatMap(({ say }) =>
      say.say === 'event' ? [{ ...say.body, type: say.type }] : [],
    );
    const inputs = spoken.flatMap(({ say }) =>
      say.say === 'receipt' && !say.known ? [inputChange(say.receipt, at)] : [],
    );
    const due = facts.length > 0 && sinceCheckpoint === 0;
    const busy =
      state.turn !== null ||
      state.compaction !== null ||
      state.queue.length > 0 ||
      state.doomed.length > 0 ||
      state.tasks.length > 0;
    const checkpoint = due && { checkpoint: state };
    return { scope: this.scope, at, facts, events, inputs, consumed, busy, ...checkpoint };
  }

  settled(committed: Committed | null): void {
    const drawn = this.#drawn;
    if (!drawn) return;
    this.#drawn = null;
    this.state = drawn.state;
    const wasStalled = this.#stalled !== null;
    this.#stalled = null;
    this.#sinceCheckpoint = drawn.sinceCheckpoint;
    if (this.#transcript) for (const fact of drawn.facts) tell(this.#transcript, fact);
    this.#say(drawn, committed);
    const told = drawn.spoken.some(({ say }) => say.say === 'event' && say.type === 'update_loop_status');
    if (wasStalled && !told) this.#tellWaiting();
    this.#follow(told);
  }

  /** Commands are answered with the failure; what the world reported cannot be asked again, so it is kept for the next attempt. */
  failed(error: StoreError): void {
    const taken = this.#drawn?.taken ?? [];
    this.#drawn = null;
    const code = isErrorCode(error.code) ? error.code : 'store_failed';
    for (const { asker } of taken)
      asker?.answer({
        ok: false,
        failure: { code, message: error.message },
        fields: { runtime: this.scope },
      });
    const kept = taken.filter(({ msg }) => msg.kind !== 'command');
    if (kept.length === 0 || this.#closed) return;
    this.#inbox = [...kept, ...this.#inbox];
    if (!this.#stalled) {
      this.#stalled = { since: this.#host.clock.now(), detail: error.message };
      this.#host.trouble('what models and tools reported is kept until it can be made durable', error);
      this.#tellWaiting();
    }
    this.#host.committer.again(this);
  }

  /** What the model and `conversation_messages_list` see; folded once, then kept up to date. */
  transcript(): Transcript {
    if (!this.#transcript) {
      this.#transcript = emptyTranscript();
      for (const { fact } of this.#host.store.history(this.scope)) tell(this.#transcript, fact);
    }
    return this.#transcript;
  }

  /** How it is now, as frames for one asker. */
  snapshots(): Frame[] {
    return snapshots(this.scope, this.state, this.#host, this.#stalled);
  }

  /** Stops the effects without settling them: the next owner finds them lost and goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.cancel();
    this.#restate?.cancel();
    await this.#effects.stopAll();
  }

  #say({ spoken }: Drawn, committed: Committed | null): void {
    const texts = committed?.events.values();
    const at = this.#host.clock.now();
    for (const { say, asker } of spoken) {
      switch (say.say) {
        case 'event': {
          const event = texts?.next().value;
          if (event) this.#host.publishEvent(event);
          break;
        }
        case 'answer':
          asker?.answer({ ...say.answer, fields: { runtime: this.scope, ...say.answer.fields } });
          break;
        case 'aside':
          asker?.tell({ ...say.body, type: say.type, runtime: this.scope });
          break;
        case 'receipt': {
          const frame = receiptFrame(this.scope, say.receipt, at);
          if (say.known) asker?.tell(frame);
          else this.#host.publish(JSON.stringify(frame));
        }
      }
    }
  }

  /** Brings what runs in line with what should run. What is waited for is said again 30 s after it was last `told`. */
  #follow(told: boolean): void {
    if (this.#closed) return;
    const { effects, wakeAt } = plan(this.state);
    this.#effects.reconcile(effects);
    this.#wake?.cancel();
    this.#wake = null;
    if (wakeAt !== null) {
      const ms = Math.max(0, wakeAt - this.#host.clock.now());
      this.#wake = this.#host.clock.after(ms, () => this.hear({ kind: 'tick' }));
    }
    const busy = this.state.turn !== null || this.state.queue.length > 0;
    if (!busy || told) {
      this.#restate?.cancel();
      this.#restate = null;
    }
    if (busy) this.#restate ??= this.#host.clock.after(restateMs, () => this.#tellAgain());
  }

  #tellWaiting(): void {
    try {
      const frames = this.snapshots().filter(
        ({ type }) => type === 'update_loop_status' || type === 'update_queue',
      );
      for (const frame of frames) this.#host.publish(JSON.stringify(frame));
    } catch (error) {
      this.#host.trouble('what is waited for could not be said', error);
    }
  }

  #tellAgain(): void {
    this.#tellWaiting();
    this.#restate = this.#host.clock.after(restateMs, () => this.#tellAgain());
  }
}

/** The state of a conversation from its checkpoint and the facts after it. */
export const fold = (from: State | null, facts: readonly Fact[]): State =>
  facts.reduce(apply, from ?? initialState);

/** What a broker hears that delivers again what it has not heard the answer to: it is done, and not worked again (IN-4). */
const answerAgain = (msg: Msg): Answer => ({
  ok: true,
  fields: msg.kind === 'command' && msg.command.do === 'abort' ? { aborted: false, run_id: null } : {},
});

function mergeText(last: Msg | undefined, next: Msg): Msg | null {
  if (last?.kind !== 'model' || next.kind !== 'model' || last.run !== next.run) return null;
  const [a, b] = [last.report, next.report];
  if (a.kind !== 'text' || b.kind !== 'text' || a.message !== b.message || a.field !== b.field) return null;
  if (a.text.length + b.text.length > mergeLimit) return null;
  return { ...last, report: { ...a, text: a.text + b.text } };
}
