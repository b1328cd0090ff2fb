import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from '../../src/protocol/frames.ts';
import { type Mode, modes } from '../../src/protocol/modes.ts';
import type { CaptureLine } from '../../src/testing/captures.ts';
import { goldenReader } from '../../src/testing/golden.ts';
import { fields } from '../../src/testing/loose.ts';
import { chatRequestOf } from '../../src/testing/model-wires.ts';
import { type Replayed, replay, told } from '../../src/testing/replay.ts';
import { Counterparts } from './counterparts.ts';
import { gateOf, goFile, recordedScripts } from './recorded-scripts.ts';
import { type StockClient, stockClient } from './stock-client.ts';

/** What came all the way under one note of a recording, beside what stock told there. */
export type Played = {
  readonly note: string;
  readonly stock: readonly string[];
  readonly whole: readonly string[];
  /** For each `sync`: the kinds of frames that answered it. */
  readonly syncs: readonly (readonly string[])[];
};
export type Performance = {
  readonly played: readonly Played[];
  /** The kinds of all frames that the client got. */
  readonly types: ReadonlySet<string>;
  readonly troubles: readonly unknown[];
};

/**
 * Plays the clients of a recording against a whole device: each command as soon as everything was told that the core, which is compared
 * with the recording line by line, had told before it. `compared` says which lines count.
 */
export async function playRecording(
  capture: readonly CaptureLine[],
  compared: (line: string) => boolean,
): Promise<Performance> {
  const client = await stockClient({
    scripts: recordedScripts,
    mode: firstMode(capture),
    files: { 'scripted.txt': 'one\ntwo\n' },
  });
  try {
    const player = new Player(client, capture, compared);
    await player.begin();
    for (const line of capture) await player.play(line);
    await player.turnPage('');
    const types = new Set(client.peer.frames.map((frame) => frame.type));
    return { played: player.played, types, troubles: client.troubles };
  } finally {
    await client.close();
  }
}

function firstMode(capture: readonly CaptureLine[]): Mode {
  const first = capture.find((line) => line.frame?.type === 'update_device_status')?.frame;
  const name = fields(first?.device_status).current_permission_mode;
  const mode = modes.find((known) => known === name);
  if (!mode) throw new Error('The recording begins without a device status: its mode is not known.');
  return mode;
}

class Player {
  readonly played: Played[] = [];
  readonly #client: StockClient;
  readonly #counts: (line: string) => boolean;
  readonly #core: Replayed[];
  readonly #read = goldenReader();
  readonly #same: Counterparts;
  #page: Replayed;
  #commands = 0;
  #heard = 0;
  #lines: string[] = [];
  #syncs: string[][] = [];

  constructor(client: StockClient, capture: readonly CaptureLine[], counts: (line: string) => boolean) {
    this.#client = client;
    this.#counts = counts;
    this.#core = replay(capture);
    this.#page = this.#nextPage();
    this.#same = new Counterparts(client.scope);
  }

  /** What a client knows that has just synchronised is no news later. */
  async begin(): Promise<void> {
    this.#read(await this.#sync({ type: 'sync', request_id: 'sync-first' }));
  }

  async play({ dir, frame, note }: CaptureLine): Promise<void> {
    if (note !== undefined) await this.turnPage(note);
    if (!frame) return;
    if (dir !== 'broker->runtime') return this.#same.hearStock(frame);
    const before = this.#page.commands[this.#commands++]?.after ?? 0;
    await this.#reach(this.#page.ours.slice(0, before));
    if (frame.type === 'sync') this.#syncs.push((await this.#sync(frame)).map(({ type }) => type));
    else if (commands.has(frame.type)) this.#client.peer.send(this.#same.translate(frame));
  }

  async turnPage(next: string): Promise<void> {
    const { note, stock, ours } = this.#page;
    await this.#reach(ours);
    this.played.push({ note, stock: stock.filter(this.#counts), whole: this.#lines, syncs: this.#syncs });
    this.#lines = [];
    this.#syncs = [];
    this.#commands = 0;
    if (next !== '') this.#page = this.#nextPage();
  }

  #nextPage(): Replayed {
    const page = this.#core.shift();
    if (!page) throw new Error('The recording has more notes than the core has replayed.');
    return page;
  }

  /** Waits for as many lines as the core had told, and lets the model or the tool go on where the next one is theirs. */
  async #reach(target: readonly string[]): Promise<void> {
    const expected = target.filter(this.#counts);
    for (this.#listen(); this.#lines.length < expected.length; ) {
      const next = expected[this.#lines.length] ?? '';
      const had = this.#lines.length;
      if (next === text && this.#speaks()) this.#releaseModel();
      if (next.endsWith('progress')) writeFileSync(join(this.#client.cwd, goFile), '');
      const wanted = () => `After\n  ${this.#lines.join('\n  ')}\nthe line "${next}"`;
      await this.#client.peer.watch(() => this.#listen() > had || undefined, wanted);
    }
  }

  /** How many lines were told under this note. */
  #listen(): number {
    for (; this.#heard < this.#client.peer.frames.length; this.#heard++) {
      const frame = this.#client.peer.frames[this.#heard];
      if (!frame || !told.has(frame.type) || frame.snapshot === true) continue;
      this.#same.hearOurs(frame);
      this.#lines.push(...this.#read([frame]).filter(this.#counts));
    }
    return this.#lines.length;
  }

  /** Whether the answer that is under way has shown a piece. */
  #speaks(): boolean {
    return this.#lines.slice(this.#lines.lastIndexOf('L WAITING_FOR_API_RESPONSE')).includes(text);
  }

  #releaseModel(): void {
    const request = this.#client.models.requests.at(-1);
    if (request) this.#client.models.release(gateOf(chatRequestOf(request).messages.length));
  }

  async #sync(frame: Frame): Promise<Frame[]> {
    const from = this.#client.peer.frames.length;
    this.#client.peer.send(this.#same.translate(frame));
    await this.#client.peer.until(({ request_id }) => request_id === frame.request_id, from);
    const answers = this.#client.peer.frames.slice(from);
    return answers.filter(({ type, snapshot }) => snapshot === true || type === 'sync_response');
  }
}

const text = 'S assistant_message';
/** What the recorded client sent to a conversation; the rest is the work of programs around it. */
const commands: ReadonlySet<string> = new Set([
  'input',
  'abort_message',
  'change_device_state',
  'resume_queue',
  'remove_queue_item',
]);
