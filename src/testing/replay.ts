import type { RequestedCall } from '../core/facts.ts';
import type { Command } from '../core/messages.ts';
import { plan } from '../core/plan.ts';
import type { Frame } from '../protocol/frames.ts';
import { readMode } from '../protocol/modes.ts';
import type { CaptureLine } from './captures.ts';
import { goldenReader } from './golden.ts';
import { type Fields, fields, list } from './loose.ts';
import { callOf, inputOf, isToolName, Scene } from './scene.ts';

/** What a stock device told under one note of a recording, and what the core tells in its place. */
export type Replayed = {
  readonly note: string;
  readonly stock: string[];
  readonly ours: string[];
  /** What clients sent meanwhile, each with the number of our lines that had been told before. */
  readonly commands: readonly { readonly frame: Frame; readonly after: number }[];
};

/**
 * Plays a recording of a stock device into the pure core: the commands of its clients, and what its model and its tools did, each as
 * soon as the core wants it done. Snapshots are the host's and left out on both sides.
 */
export function replay(capture: readonly CaptureLine[]): Replayed[] {
  const player = new Player(capture);
  for (const line of capture) player.play(line);
  return player.finished();
}

/** Frames that one conversation tells; the rest of a recording is the work of the host. */
export const told: ReadonlySet<string> = new Set([
  'update_loop_status',
  'update_device_status',
  'update_queue',
  'stream_delta',
  'control_request',
  'turn_finished',
  'file_ops',
  'input_accepted',
  'abort_message_response',
  'resume_queue_response',
  'remove_queue_item_response',
]);

type Outcome = {
  started: boolean;
  progress: string[];
  result: { status: 'success' | 'error'; text: string } | null;
};

class Player {
  readonly #scene: Scene;
  readonly #stock = goldenReader();
  readonly #replayed: Replayed[] = [];
  readonly #runs = new Map<string, string>();
  readonly #queued = new Map<string, string>();
  readonly #outcomes = new Map<string, Outcome>();
  #note = 'as it begins';
  #frames: Frame[] = [];
  #ours: string[] = [];
  #commands: { frame: Frame; after: number }[] = [];
  #syncing = false;
  #calls: RequestedCall[] = [];
  #wrote: { path: string; content: string }[] = [];

  constructor(capture: readonly CaptureLine[]) {
    const first = (type: string) => capture.find((line) => line.frame?.type === type)?.frame;
    const snapshots = ['update_device_status', 'update_loop_status', 'update_queue'].map(first);
    const mode = readMode(String(fields(snapshots[0]?.device_status).current_permission_mode));
    if (!mode) throw new Error('The recording begins without a device status: its mode is not known.');
    this.#scene = new Scene(mode);
    this.#stock(snapshots.flatMap((frame) => frame ?? []));
  }

  play({ dir, frame, note }: CaptureLine): void {
    if (note !== undefined) this.#turnPage(note);
    if (!frame) return;
    if (dir === 'broker->runtime') {
      if (frame.type === 'sync') this.#syncing = true;
      this.#ours.push(...this.#scene.lines());
      this.#commands.push({ frame, after: this.#ours.length });
      this.#ask(frame);
    } else if (frame.type === 'sync_response') this.#syncing = false;
    else if (told.has(frame.type) && !this.#syncing) {
      this.#frames.push(frame);
      this.#hear(frame);
    }
    this.#pump();
  }

  finished(): Replayed[] {
    this.#turnPage('');
    return this.#replayed;
  }

  #turnPage(note: string): void {
    this.#ours.push(...this.#scene.lines());
    const [ours, commands] = [this.#ours, this.#commands];
    this.#replayed.push({ note: this.#note, stock: this.#stock(this.#frames), ours, commands });
    this.#frames = [];
    this.#ours = [];
    this.#commands = [];
    this.#note = note;
  }

  #ask(frame: Frame): void {
    const command = this.#commandOf(frame);
    if (command) this.#scene.command(command, 'ann', frame.request_id !== undefined);
    // What never reaches a conversation is answered by the host, to its sender alone.
    else if (frame.type === 'input') this.#scene.tell({ type: 'input_accepted', accepted: false });
  }

  #commandOf(frame: Frame): Command | null {
    const payload = fields(frame.payload);
    switch (frame.type) {
      case 'input':
        return payload.kind === 'approval_response' ? decisionOf(payload) : createdInput(payload, frame);
      case 'abort_message': {
        const run = frame.run_id ?? null;
        const run_id = run === null ? null : (this.#runs.get(String(run)) ?? String(run));
        return { do: 'abort', run_id, as_of: null };
      }
      case 'change_device_state':
        return { do: 'set_mode', mode: String(payload.mode) };
      case 'resume_queue':
        return { do: 'resume_queue' };
      case 'remove_queue_item':
        return { do: 'remove_queue_item', id: this.#queueIdOf(String(frame.item_id)) };
      default:
        return null;
    }
  }

  /** Stock numbers its queue anew whenever it is idle, the core never does. */
  #queueIdOf(stockId: string): string {
    const key = this.#queued.get(stockId);
    return this.#scene.state.queue.find((item) => item.client_message_id === key)?.id ?? stockId;
  }

  #hear(frame: Frame): void {
    if (frame.type === 'update_queue') {
      for (const item of list(frame.queue).map(fields)) {
        this.#queued.set(String(item.id), String(item.client_message_id));
      }
    }
    if (frame.type === 'file_ops') {
      this.#wrote.push({ path: String(frame.path), content: String(frame.document_content) });
    }
    if (frame.type === 'stream_delta') this.#hearDelta(fields(frame.delta));
  }

  #hearDelta(delta: Fields): void {
    const run = delta.run_id;
    if (typeof run === 'string' && !this.#runs.has(run)) this.#runs.set(run, this.#scene.run);
    const call = String(delta.tool_call_id);
    switch (delta.message_type) {
      case 'assistant_message':
        this.#scene.text(
          list(delta.content)
            .map((part) => fields(part).text)
            .join(''),
          String(delta.id),
        );
        return;
      case 'reasoning_message':
        this.#scene.text(String(delta.reasoning), String(delta.id), 'reasoning');
        return;
      case 'approval_request_message':
        this.#calls.push(requestedCall(delta));
        return;
      case 'usage_statistics':
        return;
      case 'stop_reason':
        this.#scene.model({ kind: 'finished', calls: this.#calls, usage, truncated: false });
        this.#calls = [];
        return;
      case 'client_tool_start':
        this.#outcome(call).started = true;
        return;
      case 'tool_return_message': {
        const text = String(delta.tool_return);
        if (String(delta.id).includes('stream')) this.#outcome(call).progress.push(text);
        else this.#outcome(call).result = { status: delta.status === 'success' ? 'success' : 'error', text };
      }
    }
  }

  #outcome(call: string): Outcome {
    const outcome = this.#outcomes.get(call) ?? { started: false, progress: [], result: null };
    this.#outcomes.set(call, outcome);
    return outcome;
  }

  /** Does what the plan has, as far as the recording has come to it. */
  #pump(): void {
    for (const effect of plan(this.#scene.state).effects.values()) {
      if (effect.do !== 'prepare' && effect.do !== 'tool') continue;
      if (this.#goOn(effect.do, effect.call.id)) return this.#pump();
    }
  }

  #goOn(doing: 'prepare' | 'tool', call: string): boolean {
    const { started, progress, result } = this.#outcome(call);
    if (doing === 'prepare') {
      if (started) this.#scene.prepared(call);
      return started;
    }
    for (const text of progress.splice(0)) this.#scene.tool(call, { kind: 'progress', text });
    if (result) this.#scene.tool(call, { kind: 'finished', ...result, wrote: this.#wrote.splice(0) });
    return result !== null;
  }
}

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

function createdInput(payload: Fields, frame: Frame): Command {
  const messages = list(payload.messages).map(fields);
  const id = messages.find((message) => message.content !== undefined)?.client_message_id ?? frame.request_id;
  return inputOf(String(id ?? JSON.stringify(messages)), messages, { hash: JSON.stringify(messages) });
}

/** Null: not a decision, so that the command never reaches a conversation. */
function decisionOf(payload: Fields): Command | null {
  const decision = fields(payload.decision);
  const allow = decision.behavior === 'allow';
  const message = payload.error ?? decision.message ?? null;
  if (!allow && message === null) return null;
  return {
    do: 'decide',
    request_id: String(payload.request_id),
    allow,
    message: message === null ? null : String(message),
    updated_input: decision.updated_input ? fields(decision.updated_input) : null,
    input_hash: null,
  };
}

function requestedCall(delta: Fields): RequestedCall {
  const { tool_call_id, name, arguments: args } = fields(delta.tool_call);
  if (typeof name !== 'string' || !isToolName(name))
    throw new Error(`The recording calls ${name}, which is not known.`);
  const input = fields(JSON.parse(String(args)));
  return callOf(String(tool_call_id), name, { message: String(delta.id), args: String(args), input });
}
