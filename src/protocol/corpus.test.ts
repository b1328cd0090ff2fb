import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Dialect } from './dialects/dialect.ts';
import { farhand } from './dialects/farhand.ts';
import { seed } from './dialects/seed.ts';
import { stock } from './dialects/stock.ts';
import type { Frame } from './frames.ts';
import { routeOf } from './routing.ts';
import { type Checked, checkCommand, checkEvent, checkPush, checkReply } from './validate.ts';

/** The documents and the recorded traffic lie beside the checkout, or where FARHAND_CORPUS says; they are no part of the project. */
const corpus = process.env.FARHAND_CORPUS ?? path.resolve(import.meta.dirname, '../../../shared');
const present = existsSync(path.join(corpus, 'seeds')) && existsSync(path.join(corpus, 'captures'));
if (!present) console.log(`corpus: nothing at ${corpus}, its tests are passed over (set FARHAND_CORPUS)`);

type Sender = 'client' | 'device';
type Sent = { readonly by: Sender; readonly frame: unknown; readonly where: string };
type Recorded = {
  readonly dir: string;
  readonly socket?: string;
  readonly frame?: unknown;
  readonly note?: string;
};

const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** By the table of its type; null where the contract does not know it. */
function check(frame: Frame): Checked | null {
  const route = routeOf(frame.type);
  switch (route?.kind) {
    case 'command':
      return checkCommand(frame);
    case 'reply':
      return checkReply(route.command, frame);
    case 'event':
      return checkEvent(frame);
    case 'push':
      return checkPush(frame);
    default:
      return null;
  }
}

const complaint = (frame: Frame): string | null => {
  const checked = check(frame);
  return checked && !checked.ok ? checked.failure.message : null;
};

describe.runIf(present)('the documents', () => {
  const documents = present ? readdirSync(path.join(corpus, 'seeds')).sort() : [];

  it.each(documents)('%s: every frame it shows is known or passes untouched', (document) => {
    const { frames, skipped } = framesIn(readFileSync(path.join(corpus, 'seeds', document), 'utf8'));
    expect(frames.map(complaint).filter((text) => text !== null)).toEqual([]);
    for (const text of skipped)
      console.log(`corpus: ${document}: not evaluated: ${text.replace(/\s+/g, ' ')}`);
    expect([frames.length, skipped.length]).toEqual(framesShown[document.slice(0, 3)]);
  });

  /** Per document, so that a reader of blocks gone blind is noticed: frames read, and those that hold the program's own values. */
  const framesShown: Readonly<Record<string, readonly [number, number]>> = {
    '000': [2, 1],
    '001': [4, 1],
    '002': [26, 1],
    '003': [2, 1],
  };
});

describe.runIf(present)('the recorded traffic', () => {
  const sent = present ? recordings().flatMap(({ name, lines }) => sentIn(name, lines)) : [];

  it('is all there', () => {
    expect(sent.length).toBeGreaterThan(7000);
  });

  it('parses where its type is known, but for what was sent to be refused', () => {
    const refusals = sent.flatMap(({ by, frame, where }) => {
      const message = isFrame(frame) && !wrongWay(by, frame) ? complaint(frame) : null;
      return message === null || where.startsWith('17-invalid-frames') ? [] : [`${where} ${message}`];
    });
    // Sent in the recordings of both versions to see them refused: a denial without its message, a model without a name.
    const meant = refusals.filter((text) =>
      /payload\.decision\.message is missing|must name a model_handle or a model_id/.test(text),
    );
    const places = ['05-approval', '13-models', '05-approval', '13-models'];
    expect(meant.map((text) => text.split(':')[0])).toEqual(places);
    expect(refusals).toEqual(meant);
  });

  it('goes the way the contract says, but for one type that stock uses both ways', () => {
    const types = sent.flatMap(({ by, frame }) =>
      isFrame(frame) && wrongWay(by, frame) ? [frame.type] : [],
    );
    expect([...new Set(types)]).toEqual(['file_ops']);
  });

  it('passes every dialect as the same object, known or not', () => {
    for (const { by, frame } of sent) {
      if (!isFrame(frame)) continue;
      for (const dialect of dialects) {
        const { name } = dialect;
        if (name === 'seed' && inOtherWords.has(frame.type)) continue;
        const state = dialect.start();
        const [, passed] =
          by === 'client' ? dialect.in(state, frame) : dialect.out(state, frame, { asked: true });
        expect(passed[0]).toBe(frame);
        if (name !== 'seed') expect(passed).toHaveLength(1);
      }
    }
  });

  it('brings a seed client only frames of the contract besides', () => {
    const made = new Map<string, number>();
    for (const { lines } of present ? recordings() : []) {
      let state = seed.start();
      for (const { dir, frame } of lines) {
        if (!isFrame(frame)) continue;
        if (dir === 'broker->runtime') [state] = seed.in(state, frame);
        if (dir !== 'runtime->broker') continue;
        const [next, [, ...more]] = seed.out(state, frame, { asked: true });
        state = next;
        for (const one of more) {
          expect(checkPush(one)).toMatchObject({ ok: true });
          made.set(one.type, (made.get(one.type) ?? 0) + 1);
        }
      }
    }
    expect([...made.keys()].sort()).toEqual([
      'cancel_ack',
      'cwd_changed',
      'mode_changed',
      'queue_batch_dequeued',
      'queue_blocked',
      'queue_item_dropped',
      'queue_item_enqueued',
      'run_completed',
      'run_request_error',
      'run_started',
    ]);
    expect(made.get('run_started')).toBe(made.get('run_completed'));
  });

  const dialects: readonly Dialect[] = [seed, stock, farhand];
  /** What a seed client says or hears in other words. */
  const inOtherWords: ReadonlySet<string> = new Set([
    'change_device_state',
    'change_cwd',
    'change_mode',
    'request_state',
    'cancel_run',
    'recover_pending_approvals',
    'search_branches_response',
  ]);
});

describe.runIf(present)('frames that stock programs ignored', () => {
  const bad = present ? recordings().flatMap(({ name, lines }) => invalidIn(name, lines)) : [];

  it('are all there', () => {
    expect(bad.length).toBeGreaterThan(65);
  });

  it('are refused with a code, but for what we accept', () => {
    const unexplained = bad.flatMap(({ where, frame }) => {
      const checked = checkCommand(frame);
      return checked.ok && !reasonToAccept(checked.frame) ? [`${where}: ${JSON.stringify(frame)}`] : [];
    });
    expect(unexplained).toEqual([]);
  });

  it('show every code a frame can be refused with but the one for long ids', () => {
    const codes = bad.map(({ frame }) => checkCommand(frame)).flatMap((c) => (c.ok ? [] : [c.failure.code]));
    const all = ['frame_invalid', 'frame_no_type', 'frame_not_object', 'frame_unknown_type'];
    expect([...new Set(codes)].sort()).toEqual(all);
  });

  function reasonToAccept({ type, runtime }: { type: string; runtime?: unknown }): string | null {
    if (type === 'ping') return 'the documents promise an answer';
    if (type === 'ack') return 'the link counts it, whoever sends it';
    const agentless = typeof runtime === 'object' && runtime !== null && Object(runtime).agent_id === null;
    return agentless ? 'a conversation may be without an agent, as 0.32 has it' : null;
  }
});

/** A command from a device, or anything else from a client; what the link itself works goes both ways. */
function wrongWay(by: Sender, { type }: Frame): boolean {
  const route = routeOf(type);
  if (!route) return false;
  if (route.kind === 'command') return by === 'device' && route.on !== 'link';
  const ofLink =
    (route.kind === 'push' && route.audience === 'link') ||
    (route.kind === 'reply' && routeOf(route.command)?.kind === 'command' && type === 'pong');
  return by === 'client' && !ofLink;
}

function recordings(): { name: string; lines: Recorded[] }[] {
  const captures = path.join(corpus, 'captures');
  return readdirSync(captures, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jsonl') && !file.includes('llm'))
    .map((file) => ({
      name: path.basename(file, '.jsonl'),
      lines: readFileSync(path.join(captures, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line): Recorded => JSON.parse(line)),
    }));
}

const senders: Readonly<Record<string, Sender>> = {
  'broker->runtime': 'client',
  'client->server': 'client',
  'runtime->broker': 'device',
  'server->client': 'device',
};

function sentIn(name: string, lines: readonly Recorded[]): Sent[] {
  return lines.flatMap(({ dir, frame }, index) => {
    const by = senders[dir];
    return by && frame !== undefined ? [{ by, frame, where: `${name}:${index + 1}` }] : [];
  });
}

/** What follows a note that calls it invalid. Text that is no JSON at all is the link's to refuse. */
function invalidIn(name: string, lines: readonly Recorded[]): { where: string; frame: unknown }[] {
  return lines.flatMap((line, index) => {
    const announced = lines[index - 1]?.note?.startsWith('invalid: ') === true;
    return announced && 'frame' in line ? [{ where: `${name}:${index + 1}`, frame: line.frame }] : [];
  });
}

/** Every object with a `type` in a text, as JSON or as a literal of JavaScript; those with values only a program has are skipped. */
function framesIn(text: string): { frames: Frame[]; skipped: string[] } {
  const frames: Frame[] = [];
  const skipped: string[] = [];
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start)) {
    const block = balanced(text, start);
    const value = block === null ? undefined : (parsed(block) ?? parsed(asJson(block)));
    if (isFrame(value)) frames.push(value);
    else if (block !== null && value === undefined && /^\{\s*"?type"?:\s*"/.test(block)) skipped.push(block);
    start += value === undefined || block === null ? 1 : block.length;
  }
  return { frames, skipped };
}

function balanced(text: string, start: number): string | null {
  let depth = 0;
  for (const { 0: token, index } of text.slice(start).matchAll(/"(?:[^"\\\n]|\\.)*"|[{}]/g)) {
    if (token === '{') depth++;
    if (token === '}' && --depth === 0) return text.slice(start, start + index + 1);
  }
  return null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Quotes the keys of a literal, fills in the scope where it is named by its variable, and takes away last commas. */
function asJson(literal: string): string {
  const scope = '"runtime": { "agent_id": "agent-1", "conversation_id": "conv-1" }';
  return literal
    .replace(/"(?:[^"\\\n]|\\.)*"|([A-Za-z_]\w*)(\s*:)?/g, (whole, name, colon) => {
      if (name === undefined || ['true', 'false', 'null'].includes(name)) return whole;
      if (colon) return `"${name}":`;
      return name === 'runtime' ? scope : whole;
    })
    .replace(/,(\s*[}\]])/g, '$1');
}
