import type { Decision } from '../../client/client.ts';
import type { Follower } from '../../client/follower.ts';
import { fold } from '../../client/transcript.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { contentText } from '../show/fields.ts';
import { oneLine, printable } from '../show/printable.ts';
import { isIdle, progressText } from '../show/progress.ts';
import { requestLines } from '../show/request.ts';
import { liveOutput } from '../show/tool-call.ts';
import { emptyView, type Shown, showFrame, showLines, type View } from '../show/view.ts';
import { userLines } from '../show/view-delta.ts';
import { machineName } from '../talk/device-news.ts';
import { type Asking, askingLines, beginAsking, labelOf, react } from './asking.ts';
import { restOf } from './catch-up.ts';
import { editInput } from './edit-input.ts';
import { headerLines } from './header.ts';
import { findMessage, historyLines } from './history.ts';
import type { ChatOptions } from './options.ts';
import { Sent } from './sent.ts';
import { runSlash } from './slash.ts';

const label = '› ';
/** A second Ctrl-C within this time leaves. */
const twiceMs = 3_000;

/** One terminal on one conversation; any number of them see the same. */
export class Chat {
  readonly options: ChatOptions;
  readonly #left = Promise.withResolvers<Failure | null>();
  #view: View = emptyView;
  #follower: Follower | null = null;
  #caughtUp = false;
  #isLeft = false;
  #asking: Asking | null = null;
  /** Requests that this terminal has answered, until they are gone from the list. */
  readonly #decided = new Set<string>();
  readonly #sent = new Sent();
  /** What happens while the words that began it are being looked up. */
  #held: Frame[] | null = null;
  #interruptedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ChatOptions) {
    this.options = options;
  }

  get view(): View {
    return this.#view;
  }

  /** Ends when the person leaves, or with why the conversation cannot be followed. */
  run(): Promise<Failure | null> {
    const { client, place, history, screen, style } = this.options;
    screen.start({
      line: (text) => void this.#line(text),
      interrupt: () => this.interrupt(),
      end: () => this.#end(),
    });
    screen.progress(() => this.#progress());
    this.#follower = client.follow(
      place.scope,
      {
        event: (frame) => this.#event(frame),
        snapshot: (frame) => this.#show(showFrame(this.#view, frame, style)),
        receipt: (frame) => void this.#receipt(frame),
        gap: ({ from, to }) =>
          this.#caughtUp && this.say([style.yellow(`… ${to - from + 1} events are no longer kept …`)]),
        reset: () => this.#reset(),
        synced: () => this.#synced(),
        failed: (why) => this.leave(why),
      },
      history.from,
    );
    return this.#left.promise;
  }

  leave(why: Failure | null = null): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#follower?.stop();
    this.options.screen.expect(null);
    for (const text of this.#sent.all('sent'))
      this.warn(`Not delivered, send it again: ${oneLine(text, 80)}`);
    for (const text of this.#sent.all('parked'))
      this.warn(`Waits at the broker and will be delivered: ${oneLine(text, 80)}`);
    this.#left.resolve(why);
  }

  say(lines: readonly string[]): void {
    this.#show(showLines(this.#view, lines));
  }

  warn(text: string): void {
    this.say([this.options.style.yellow(printable(text))]);
  }

  /** Ctrl-C: stops the turn; twice, or when nothing runs, leaves. */
  interrupt(): void {
    const again = performance.now() - this.#interruptedAt < twiceMs;
    this.#interruptedAt = performance.now();
    if (again) return this.leave();
    if (isIdle(this.#view.transcript.loop)) return this.say([this.options.style.dim('Ctrl-C again leaves.')]);
    this.abort();
  }

  abort(): void {
    const { client, place, style } = this.options;
    this.say([style.dim('Stopping the turn… (Ctrl-C again leaves)')]);
    void client.abort(place.scope).then((result) => {
      if (!result.ok) this.warn(result.failure.message);
      else if (result.value.parked)
        this.say([style.dim(`${this.#machine()} is away: told to stop if it is back within a minute.`)]);
      else if (!result.value.aborted) this.say([style.dim('No turn was running.')]);
    });
  }

  #show({ view, text }: Shown): void {
    this.#view = view;
    this.options.screen.write(text);
  }

  #event(frame: Frame): void {
    const { history, style } = this.options;
    if (this.#held) return void this.#held.push(frame);
    if (this.#caughtUp) {
      this.#show(showFrame(this.#view, frame, style));
      return this.#refresh();
    }
    const transcript = fold(this.#view.transcript, frame);
    // A turn that had ended before this terminal came is in the list of messages.
    const past =
      frame.type === 'turn_finished' &&
      typeof frame.event_seq === 'number' &&
      frame.event_seq <= history.head;
    this.#view = { ...this.#view, transcript: past ? { ...transcript, items: [] } : transcript };
  }

  #synced(): void {
    if (!this.#caughtUp) this.#begin();
    this.#refresh();
  }

  /** Shows how things are, what was said lately, and of what is being said now the part that was missed. */
  #begin(): void {
    this.#caughtUp = true;
    const { place, history, showCommand, folder, style } = this.options;
    const { transcript } = this.#view;
    const machine = folder === null ? this.#machine() : null;
    this.say(headerLines({ place, folder, machine, ...transcript }, style));
    const { lines, open } = restOf(transcript.items, history.messages, style);
    this.say([...historyLines(history, showCommand, style), ...lines]);
    if (!open) return;
    const piece = open.kind === 'assistant' ? { content: open.text } : { reasoning: open.text };
    const delta = { message_type: `${open.kind}_message`, id: open.id, ...piece };
    const { text, view } = showFrame(this.#view, { type: 'stream_delta', delta }, style);
    this.#show({ text, view: { ...view, transcript } });
  }

  #reset(): void {
    const { fresh } = this.#view;
    this.#view = { ...emptyView, fresh };
    this.#asking = null;
    if (this.#caughtUp)
      this.warn('The log of this conversation was replaced: what is above may not be part of it any more.');
  }

  /** A message that another terminal sent to an idle conversation is not repeated in the log: only its receipt tells of it. */
  async #receipt({ client_message_id: id, state }: Frame): Promise<void> {
    if (typeof id !== 'string') return;
    this.#tellWay(this.#sent.heard(id, state), id);
    if (this.#sent.has(id) || state !== 'accepted' || !this.#caughtUp) return;
    const { client, place, style } = this.options;
    this.#held ??= [];
    const message = await findMessage(client, place.scope, id);
    if (message) this.say(userLines(contentText(message.content), style));
    const held = this.#held ?? [];
    this.#held = null;
    for (const frame of held) this.#event(frame);
  }

  #tellWay(way: 'parked' | 'delivered' | null, id: string): void {
    if (way === null) return;
    const words = oneLine(this.#sent.text(id), 80);
    const told =
      way === 'parked'
        ? `waits at the broker until ${this.#machine()} is back: ${words}`
        : `delivered: ${words}`;
    this.say([this.options.style.dim(told)]);
  }

  #machine(): string {
    return machineName(this.options.client.state());
  }

  /** What is expected of the person now. */
  #refresh(): void {
    if (this.#isLeft) return;
    const { screen, style } = this.options;
    const { approvals, loop } = this.#view.transcript;
    for (const id of this.#decided)
      if (!approvals.some(({ request_id }) => request_id === id)) this.#decided.delete(id);
    const waiting = approvals.find(({ request_id }) => !this.#decided.has(request_id));
    if (this.#asking && this.#asking.request.requestId !== waiting?.request_id) {
      if (!this.#decided.has(this.#asking.request.requestId) && !isIdle(loop))
        this.say([style.dim('Answered in another terminal.')]);
      this.#asking = null;
    }
    if (waiting && !this.#asking) {
      this.#asking = beginAsking(waiting);
      if (this.#asking) this.say(askingLines(this.#asking, style));
    }
    if (this.#asking) return screen.expect(labelOf(this.#asking));
    const ready = isIdle(loop) && !this.#sent.isUnderWay(this.#view.transcript) && this.#decided.size === 0;
    screen.expect(ready ? label : null);
  }

  async #line(line: string): Promise<void> {
    // The person's line has ended on the screen, whatever was there before.
    this.#view = { ...this.#view, fresh: true, open: null };
    const text = line.trim();
    if (text.startsWith('/')) await runSlash(this, text);
    else if (this.#asking) await this.#reactTo(text, this.#asking);
    else if (text !== '') this.send(line.trimEnd());
    this.#refresh();
  }

  send(text: string): void {
    const { client, place, mint } = this.options;
    const id = `cm-${mint()}`;
    this.#sent.add(id, text);
    void client.send(place.scope, text, { client_message_id: id, until: 'settled' }).then((result) => {
      if (this.#isLeft) return;
      this.#sent.settled(id);
      if (!result.ok) this.warn(`Not sent: ${result.failure.message}`);
      this.#refresh();
    });
  }

  async #reactTo(text: string, asking: Asking): Promise<void> {
    const reaction = react(asking, text, this.options.style);
    switch (reaction.do) {
      case 'decide':
        return this.#decide(asking, reaction.decision);
      case 'ask':
        this.#asking = reaction.asking;
        return this.say(reaction.lines);
      case 'edit':
        return this.#edit(asking);
    }
  }

  async #decide({ request }: Asking, decision: Decision): Promise<void> {
    const { client, place } = this.options;
    this.#decided.add(request.requestId);
    this.#asking = null;
    const result = await client.decide(
      place.scope,
      request.requestId,
      decision,
      request.inputHash ?? undefined,
    );
    if (result.ok) return;
    this.#decided.delete(request.requestId);
    this.warn(
      result.failure.code === 'approval_not_pending'
        ? 'It was answered in another terminal.'
        : result.failure.message,
    );
  }

  async #edit(asking: Asking): Promise<void> {
    const { screen, env, style } = this.options;
    const from = asking.edited ?? asking.request.input;
    const edited = screen.interactive
      ? await screen.lend(() => editInput(from, env))
      : { problem: 'There is no terminal to edit in.' };
    if ('problem' in edited) return this.warn(edited.problem);
    this.#asking = { ...asking, edited: edited.input };
    this.say([
      style.dim('As you changed it:'),
      ...requestLines({ ...asking.request, input: edited.input, diffs: [] }, style, true),
    ]);
  }

  #end(): void {
    if (this.options.screen.interactive || !this.#asking) return this.leave();
    this.say(['Denied: the input ended, so nobody can approve it here.']);
    const message = 'Denied: the script that sent this had no answer to the question.';
    void this.#decide(this.#asking, { behavior: 'deny', message }).then(() => this.#refresh());
  }

  #progress(): string | null {
    const text = progressText(this.#view.transcript, Date.now());
    if (text === null && this.#sent.all('parked').length > 0) return `waiting for ${this.#machine()}`;
    const output = liveOutput(this.#view.transcript);
    return text !== null && output ? `${text}  ${output}` : text;
  }
}
