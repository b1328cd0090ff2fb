import { apply } from '../core/apply.ts';
import type { Fact, ReplayClass, RequestedCall } from '../core/facts.ts';
import type { Command, DeviceView, KnownInput, ModelReport, Msg, Say, ToolReport } from '../core/messages.ts';
import { type Reach, rulingsByTable } from '../core/permission.ts';
import { initialState, type State } from '../core/state.ts';
import { deviceStatus, loopStatus, queueSnapshot, requestIdOf } from '../core/status.ts';
import { type Step, step } from '../core/step.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Mode } from '../protocol/modes.ts';
import { goldenReader } from './golden.ts';

const device: DeviceView = {
  connection_id: 'conn-1',
  connection_name: 'desk',
  git_context: null,
  version: '0.0.0',
  supported_commands: [],
  tools: [],
};

/** A conversation of the pure core, driven by hand: every message is one step, at a time and with an id made up in order. */
export class Scene {
  state: State;
  now = Date.UTC(2026, 0, 1);
  readonly facts: Fact[] = [];
  readonly says: Say[] = [];
  readonly #inputs = new Map<string, KnownInput>();
  readonly #golden = goldenReader();
  #frames: Frame[] = [];
  #minted = 0;

  constructor(mode: Mode = 'standard') {
    const created: Fact = {
      kind: 'created',
      v: 1,
      agent_id: 'agent-1',
      conversation_id: 'conv-1',
      cwd: '/project',
      mode,
    };
    this.facts.push(created);
    this.state = apply(initialState, created);
    this.#golden(snapshots(this.state));
  }

  /** `answered` false: the command asks for no answer, so that its frame is not among those that a client saw. */
  hear(msg: Msg, answered = true): Step {
    this.#minted += 1;
    const known = msg.kind === 'command' && msg.command.do === 'input' ? this.#withKnown(msg.command) : null;
    const heard: Msg = known && msg.kind === 'command' ? { ...msg, command: known } : msg;
    const made = step(this.state, heard, { at: this.now, id: `${this.#minted}`, device });
    this.state = made.state;
    this.facts.push(...made.facts);
    this.says.push(...made.says);
    const heardBack = made.says.filter((say) => answered || say.say !== 'answer');
    this.#frames.push(...heardBack.flatMap((say) => frameOf(say, heard)));
    for (const say of made.says) if (say.say === 'receipt' && !say.known) this.#remember(say.receipt);
    return made;
  }

  command(command: Command, by = 'ann', answered = true): Step {
    return this.hear({ kind: 'command', by, command }, answered);
  }

  /** `id` is the input's key; its hash follows from the text. */
  input(text: string, more: { id?: string; by?: string; template?: string } = {}): Step {
    const id = more.id ?? text;
    const messages = [{ role: 'user', content: text, client_message_id: id }];
    return this.command(inputOf(id, messages, { hash: `hash of ${text}`, ...more }), more.by);
  }

  decide(callId: string, allow: boolean, more: Partial<Extract<Command, { do: 'decide' }>> = {}): Step {
    const call = this.state.turn?.calls.find((one) => one.id === callId);
    const request_id = call ? requestIdOf(call) : callId;
    const plain = { request_id, allow, message: null, updated_input: null, input_hash: null };
    return this.command({ do: 'decide', ...plain, ...more });
  }

  abort(run_id: string | null = null, as_of: number | null = null): Step {
    return this.command({ do: 'abort', run_id, as_of });
  }

  /** The run that the model is asked for now, or was last. */
  get run(): string {
    return this.state.turn?.runs.at(-1) ?? 'run-none';
  }

  model(report: ModelReport, run = this.run): Step {
    return this.hear({ kind: 'model', run, report });
  }

  text(text: string, message = `msg-${this.run}`, field: 'assistant' | 'reasoning' = 'assistant'): Step {
    return this.model({ kind: 'text', message, field, text });
  }

  /** The model ends its answer, asking for these calls. */
  finish(...calls: readonly RequestedCall[]): Step {
    return this.model({ kind: 'finished', calls, usage: null, truncated: false });
  }

  tool(call: string, report: ToolReport): Step {
    return this.hear({ kind: 'tool', call, report });
  }

  prepared(call: string): Step {
    return this.tool(call, { kind: 'prepared', process: null, mark: null });
  }

  done(call: string, text = 'ok'): Step {
    return this.tool(call, { kind: 'finished', status: 'success', text, wrote: [] });
  }

  tick(ms = 0): Step {
    this.now += ms;
    return this.hear({ kind: 'tick' });
  }

  /** What a client sees that no step says. */
  tell(frame: Frame): void {
    this.#frames.push(frame);
  }

  /** What a client saw since this was last asked, normalised. */
  lines(): string[] {
    const frames = this.#frames;
    this.#frames = [];
    return this.#golden(frames);
  }

  /** States of the receipts of an input, in order. */
  fates(id: string): string[] {
    return this.says.flatMap((say) =>
      say.say === 'receipt' && !say.known && say.receipt.client_message_id === id ? [say.receipt.state] : [],
    );
  }

  #withKnown(command: Extract<Command, { do: 'input' }>): Command {
    return { ...command, known: this.#inputs.get(command.client_message_id) ?? null };
  }

  #remember(receipt: Extract<Say, { say: 'receipt' }>['receipt']): void {
    const hash = receipt.hash ?? this.#inputs.get(receipt.client_message_id)?.hash;
    if (hash !== undefined) this.#inputs.set(receipt.client_message_id, { ...receipt, hash });
  }
}

export const inputOf = (
  client_message_id: string,
  messages: readonly Record<string, unknown>[],
  { hash = 'hash', template = '' }: { hash?: string; template?: string } = {},
): Command => ({
  do: 'input',
  messages,
  client_message_id,
  input_id: `input-${client_message_id}`,
  hash,
  template,
  known: null,
});

const tools = {
  Read: ['read-inside', 'safe'],
  Write: ['edit-inside', 'verify'],
  Edit: ['edit-inside', 'verify'],
  Bash: ['execute', 'once'],
  AskUserQuestion: ['question', 'safe'],
} as const satisfies Record<string, readonly [Reach, ReplayClass]>;
export type ToolName = keyof typeof tools;
export const isToolName = (name: string): name is ToolName => Object.hasOwn(tools, name);

/** A call as the host passes it on: inside the working directory and without a problem, unless told otherwise. */
export function callOf(id: string, name: ToolName, more: Partial<RequestedCall> = {}): RequestedCall {
  const [reach, replay] = tools[name];
  const rulings = rulingsByTable(reach, `${name} in a test`);
  const plain = { id, message: `msg-${id}`, name, args: '{}', input: {}, replay, rulings, suggestions: [] };
  return { ...plain, problem: null, diffs: null, input_hash: `hash of ${id}`, ...more };
}

const replies: Partial<Record<Command['do'], readonly [type: string, flag: string]>> = {
  input: ['input_accepted', 'accepted'],
  decide: ['input_accepted', 'accepted'],
  abort: ['abort_message_response', 'success'],
  resume_queue: ['resume_queue_response', 'success'],
  remove_queue_item: ['remove_queue_item_response', 'success'],
};

/** What a client that has just synchronised knows. */
const snapshots = (state: State): Frame[] => [
  { type: 'update_device_status', device_status: deviceStatus(state, device) },
  { type: 'update_loop_status', loop_status: loopStatus(state) },
  { type: 'update_queue', queue: queueSnapshot(state) },
];

/** The frames of a say as a stock client gets them; it knows no receipts. */
function frameOf(say: Say, msg: Msg): Frame[] {
  if (say.say === 'event' || say.say === 'aside') return [{ ...say.body, type: say.type }];
  if (say.say === 'receipt' || msg.kind !== 'command') return [];
  const [type, flag] = replies[msg.command.do] ?? [`answer to ${msg.command.do}`, 'success'];
  return [{ ...say.answer.fields, type, [flag]: say.answer.ok }];
}
