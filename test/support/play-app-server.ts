import { isDeepStrictEqual } from 'node:util';
import type { Frame } from '../../src/protocol/frames.ts';
import { type Scope, scopeOf } from '../../src/protocol/shapes.ts';
import type { CaptureLine } from '../../src/testing/captures.ts';
import { differences, type GoldenReader, goldenReader } from '../../src/testing/golden.ts';
import { fields, list } from '../../src/testing/loose.ts';
import type { Scripts } from '../../src/testing/model-script.ts';
import { chatRequestOf } from '../../src/testing/model-wires.ts';
import { type AppServerStand, appServerStand } from './app-server-stand.ts';
import { Counterparts } from './counterparts.ts';
import type { Peer } from './peer.ts';
import { gateOf, recordedScripts } from './recorded-scripts.ts';

/** In what the clients of a recording were told otherwise, under one note. */
export type Compared = { readonly note: string; readonly client: string; readonly lines: readonly string[] };
export type Performance = {
  readonly compared: readonly Compared[];
  /** The kinds of all frames that any client got. */
  readonly types: ReadonlySet<string>;
  readonly troubles: readonly unknown[];
};

/** `socket`: which client it is, by its name in the recording. */
type Line = CaptureLine & { readonly socket?: string; readonly code?: number };

/** How the notes of a recording are taken. */
export type Direction = {
  /** Notes under which goes on what began under the one before. */
  readonly goesOn?: readonly string[];
  /** Notes under which ours has fewer turns: their end is when nothing is left to do. */
  readonly fewerTurns?: readonly string[];
  /** What a client does at a note that is not recorded, because ours stands otherwise there; it is not compared. */
  readonly asides?: Readonly<Record<string, (peer: Peer, runtime: unknown) => Promise<void>>>;
};

/** What the model did in the recordings, by the names that are used there. */
const scripts: Scripts = {
  ...recordedScripts,
  slow: [{ text: 'word '.repeat(50), pieces: 50, hold: gateOf('{{messages}}'), holdAfter: 1 }],
  external: [
    { text: 'Using it.', calls: [{ name: 'lookup_ticket', arguments: { id: 'T-1' } }] },
    { text: 'So it is.' },
  ],
};

/** Plays the clients of a recording of an app-server against ours, each command when its client had heard what it had heard then. */
export async function playAppServer(
  capture: readonly CaptureLine[],
  direction: Direction = {},
): Promise<Performance> {
  const stand = await appServerStand({ scripts });
  try {
    const player = new Player(stand, direction);
    for (const line of capture as readonly Line[]) await player.play(line);
    await player.turnPage('');
    return { compared: player.compared, types: player.types, troubles: stand.troubles };
  } finally {
    await stand.close();
  }
}

/** One client of the recording, and the one that plays it. */
class Role {
  readonly peer: Peer;
  #readStock: GoldenReader = goldenReader();
  #readOurs: GoldenReader = goldenReader();
  stock: string[] = [];
  ours: string[] = [];
  #heard = 0;
  left = false;
  hasAsked = false;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  hearStock(frame: Frame): void {
    this.stock.push(...this.#readStock([frame]));
  }

  /** The frames that came since. */
  listen(): Frame[] {
    const frames = this.peer.frames.slice(this.#heard).filter(({ request_id }) => !isBarrier(request_id));
    this.#heard = this.peer.frames.length;
    this.ours.push(...this.#readOurs(frames));
    return frames;
  }

  /** A landmark that the recorded client had come to and this one has not. Requests that wait are repeated by some programs. */
  get missing(): string | undefined {
    if (!this.hasAsked) return undefined;
    const count = (lines: readonly string[], line: string) => lines.filter((one) => one === line).length;
    const due = (line: string) => (line.startsWith('control_request') ? 1 : count(this.stock, line));
    return this.stock.find((line) => isLandmark(line) && count(this.ours, line) < due(line));
  }

  /** Whether the answer under way has shown a piece. */
  get speaks(): boolean {
    return this.ours.slice(this.ours.lastIndexOf('L WAITING_FOR_API_RESPONSE')).includes(piece);
  }

  /** Forgets what was told, but how things are now: both sides stand alike. */
  startOver(): void {
    this.turnPage();
    const now = states.flatMap((type) => this.peer.frames.findLast((frame) => frame.type === type) ?? []);
    this.#readStock = goldenReader();
    this.#readOurs = goldenReader();
    for (const read of [this.#readStock, this.#readOurs]) read(now);
  }

  turnPage(): string[] {
    const [stock, ours] = [this.stock, this.ours].map((lines) => lines.filter((line) => !isProgress(line)));
    const lines = differences(stock ?? [], ours ?? []);
    this.stock = [];
    this.ours = [];
    return lines;
  }
}

const piece = 'S assistant_message';
const states = ['update_loop_status', 'update_device_status', 'update_queue'];
const landmarks = ['turn_finished', 'control_request', 'external_tool_call_request', piece];
const isLandmark = (line: string): boolean => landmarks.some((start) => line.startsWith(start));
/** A command that ends at once has none here. */
const isProgress = (line: string): boolean => line.endsWith(' progress');
const barrier = 'barrier-';
const isBarrier = (id: unknown): boolean => typeof id === 'string' && id.startsWith(barrier);

class Player {
  readonly compared: Compared[] = [];
  readonly types = new Set<string>();
  readonly #stand: AppServerStand;
  readonly #direction: Direction;
  readonly #roles = new Map<string, Role>();
  readonly #calls = { stock: new Set<unknown>(), ours: new Set<unknown>() };
  #note = 'as it begins';
  #same: Counterparts | null = null;
  #runtime: Scope = { agent_id: null, conversation_id: '' };
  #agent: unknown;
  #barriers = 0;

  constructor(stand: AppServerStand, direction: Direction) {
    this.#stand = stand;
    this.#direction = direction;
  }

  async play({ dir, socket = '', frame, event, note, code }: Line): Promise<void> {
    if (note !== undefined) return this.turnPage(note);
    if (event === 'ws_connect') return this.#enter(socket);
    const role = this.#roles.get(socket);
    if (!role) return;
    if (event === 'ws_close_sent' && code !== undefined) return this.#leave(role);
    if (!frame) return;
    if (dir === 'server->client') {
      role.hearStock(frame);
      this.#same?.hearStock(frame);
      if (frame.type === 'external_tool_call_request') this.#calls.stock.add(frame.request_id);
      return;
    }
    await this.#catchUp();
    await this.#send(role, frame);
  }

  async turnPage(note: string): Promise<void> {
    const { goesOn = [], fewerTurns = [], asides = {} } = this.#direction;
    const aside = asides[note];
    // That the recorder waited in vain is no part of what its clients did.
    if (goesOn.includes(note) || (note.startsWith('timeout') && !aside)) return;
    if (fewerTurns.includes(this.#note)) await this.#rest();
    else await this.#catchUp();
    await this.#settle();
    for (const [client, role] of this.#roles) {
      const lines = role.turnPage();
      if (lines.length > 0) this.compared.push({ note: this.#note, client, lines });
    }
    if (!note.startsWith('timeout')) this.#note = note;
    const present = [...this.#roles.values()].find(({ left }) => !left);
    if (!aside || !present) return;
    await aside(present.peer, this.#runtime);
    await this.#settle();
    for (const role of this.#roles.values()) role.startOver();
  }

  async #enter(socket: string): Promise<void> {
    await this.#catchUp();
    // A turn that nobody watches goes on, and is over before somebody looks.
    const isAlone = this.#roles.size > 0 && [...this.#roles.values()].every(({ left }) => left);
    if (isAlone && !this.#waitsForPerson()) await this.#rest();
    this.#roles.set(socket, new Role(await this.#stand.client()));
  }

  async #leave(role: Role): Promise<void> {
    await this.#catchUp();
    role.peer.close();
    role.left = true;
  }

  async #send(role: Role, stock: Frame): Promise<void> {
    const frame = this.#translate(stock);
    role.hasAsked = true;
    const from = role.peer.frames.length;
    role.peer.send(frame);
    if (frame.request_id === undefined || frame.type === 'external_tool_call_response') return;
    const reply = await role.peer.until(
      ({ request_id, type }) => request_id === frame.request_id && type !== 'control_request',
      from,
    );
    if (reply.type === 'agent_create_response') this.#agent = fields(reply.agent).id;
    if (reply.type !== 'runtime_start_response' || !reply.runtime) return;
    this.#runtime = scopeOf(reply.runtime) ?? this.#runtime;
    this.#same ??= new Counterparts(this.#runtime);
  }

  /** The command as the recorded client would have given it to us. Stock begins with agents that need not ask. */
  #translate(frame: Frame): Frame {
    const { agent_id: _, ...rest } = frame;
    switch (frame.type) {
      case 'create_agent':
        return { type: 'agent_create', request_id: frame.request_id, body: { name: 'Blank' } };
      case 'runtime_start': {
        const begins = this.#same === null;
        const place = { cwd: this.#stand.cwd, mode: frame.mode ?? 'unrestricted' };
        const named = frame.conversation_id === undefined ? {} : this.#runtime;
        const created = { ...fields(frame.create_agent), body: { name: 'Made' } };
        const agent = frame.create_agent ? { create_agent: created } : { agent_id: this.#agent };
        return { ...rest, ...agent, ...named, ...(begins && place) };
      }
      case 'runtime_external_tools_update': {
        const updates = list(frame.updates).map((update) => ({
          ...fields(update),
          runtimes: list(fields(update).runtimes).map(() => this.#runtime),
        }));
        return { ...frame, updates };
      }
      case 'external_tool_call_response': {
        const nth = [...this.#calls.stock].indexOf(frame.request_id);
        return { ...frame, request_id: [...this.#calls.ours][nth] };
      }
      case 'conversation_messages_list':
        return { ...frame, conversation_id: this.#runtime.conversation_id };
      default:
        return this.#same?.translate(frame) ?? frame;
    }
  }

  /** Waits until every client has come as far as the one that it plays. */
  async #catchUp(): Promise<void> {
    for (const role of this.#roles.values()) {
      if (role.left) continue;
      this.#listen();
      while (role.missing !== undefined) {
        if (role.missing.startsWith('turn_finished') || role.speaks) this.#release();
        const before = role.peer.frames.length;
        const wanted = () =>
          `Under "${this.#note}", after\n  ${role.ours.join('\n  ')}\nthe line "${role.missing}"`;
        await role.peer.watch(() => role.peer.frames.length > before || undefined, wanted);
        this.#listen();
      }
    }
  }

  #listen(): void {
    for (const role of this.#roles.values()) {
      for (const frame of role.listen()) {
        this.types.add(frame.type);
        this.#same?.hearOurs(frame);
        if (frame.type === 'external_tool_call_request') this.#calls.ours.add(frame.request_id);
      }
    }
  }

  /** Whatever the device had to say has come when it answers once more. */
  async #settle(): Promise<void> {
    for (const { peer, left } of this.#roles.values()) {
      if (left) continue;
      this.#barriers += 1;
      const request_id = `${barrier}${this.#barriers}`;
      peer.send({ type: 'app_server_info', request_id });
      await peer.until((frame) => frame.request_id === request_id);
    }
    this.#listen();
  }

  #waitsForPerson(): boolean {
    return [...this.#roles.values()].some(({ peer }) =>
      isDeepStrictEqual(
        fields(peer.frames.findLast(({ type }) => type === 'update_loop_status')?.loop_status).status,
        'WAITING_ON_APPROVAL',
      ),
    );
  }

  async #rest(): Promise<void> {
    this.#release();
    await this.#stand.rest(this.#runtime);
  }

  /** Lets the answer under way come to its end. */
  #release(): void {
    const request = this.#stand.models.requests.at(-1);
    if (request) this.#stand.models.release(gateOf(chatRequestOf(request).messages.length));
  }
}
