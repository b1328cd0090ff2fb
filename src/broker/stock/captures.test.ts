import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { fields, list } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { commandSpec, routeOf } from '../../protocol/routing.ts';
import { scopeKey, scopeOf } from '../../protocol/shapes.ts';
import { checkEvent, checkReply } from '../../protocol/validate.ts';
import { captureNames, haveCaptures, readCapture } from '../../testing/captures.ts';
import type { DeviceDialect, DialectContext } from '../station/device-dialect.ts';
import { stockDevice } from './device.ts';
import { stockDevice025 } from './letta-025.ts';

const generations: [string, (context: DialectContext) => DeviceDialect][] = [
  ['0.25.9', stockDevice025],
  ['0.32.18', stockDevice],
];

type Played = {
  /** Events as they came, by what cannot be renumbered. */
  readonly came: string[];
  readonly told: Frame[];
  /** Commands that have a reply and got none. */
  readonly unanswered: string[];
};

/** A recording, every link of it through a dialect of its own, in the recording's time. */
async function play(name: string, dialectOf: (context: DialectContext) => DeviceDialect): Promise<Played> {
  const clock = virtualClock();
  const start = clock.now();
  const played: Played = { came: [], told: [], unanswered: [] };
  const waiting = new Map<string, string>();
  let dialect: DeviceDialect | null = null;
  let count = 0;
  const hear = ({ frame }: { frame: Frame }): void => {
    played.told.push(frame);
    const route = routeOf(frame.type);
    if (route?.kind === 'reply' || frame.type === 'error') waiting.delete(String(frame.request_id));
  };
  const ended = (): void => {
    dialect?.close();
    dialect = null;
    played.unanswered.push(...[...waiting].map(([id, type]) => `${type} ${id}`));
    waiting.clear();
  };
  for (const line of readCapture(name)) {
    await clock.advance(Math.max(0, start + line.t_ms - clock.now()));
    const { frame } = line;
    // A second socket does not make a second link.
    if (line.event === 'ws_close' && line.socket !== 'stream') ended();
    if (!frame || typeof frame.type !== 'string' || !line.dir.includes('runtime')) continue;
    dialect ??= dialectOf({ connectionId: 'conn-stub-1', clock, hear });
    if (line.dir === 'broker->runtime') {
      const spec = commandSpec(frame.type);
      if (!spec || spec.on === 'link' || (spec.on === 'scope' && !scopeOf(frame.runtime))) continue;
      const request_id = `${++count}`;
      if (spec.reply && isAnswered(name, frame)) waiting.set(request_id, frame.type);
      const [sent] = dialect.toDevice({ ...frame, request_id });
      if (sent) expect(sent.type).toBe(frame.type);
      continue;
    }
    if (typeof frame.event_seq === 'number') played.came.push(fingerprint(frame));
    // What the recorded device answered, it answered under the recorded name.
    const asked = [...waiting].find(([, type]) => commandSpec(type)?.reply?.type === frame.type)?.[0];
    const renamed = asked && routeOf(frame.type)?.kind === 'reply' ? { ...frame, request_id: asked } : frame;
    for (const heard of dialect.fromDevice(renamed, JSON.stringify(renamed))) hear(heard);
  }
  await clock.advance(10_000);
  ended();
  return played;
}

function fingerprint({ type, emitted_at, delta, loop_status, queue }: Frame): string {
  const { waiting_for: _, ...status } = fields(loop_status);
  return JSON.stringify({ type, emitted_at, delta, status, queue });
}

/** A command without a name was not answered when it was recorded, but for what the dialect of 0.25 answers itself. */
const isAnswered = (name: string, { type, request_id }: Frame): boolean =>
  request_id !== undefined || (name.startsWith('0.25') && silent025.has(type));

/** What 0.25 does not answer, asked for by name or not. */
const silent025: ReadonlySet<string> = new Set(['input', 'sync', 'abort_message']);

describe.runIf(haveCaptures()).each(generations)('a stock device of %s', (version, dialectOf) => {
  const names = haveCaptures() ? captureNames(version).filter((name) => !/\/3\d-/.test(name)) : [];

  it('has recordings', () => {
    expect(names.length).toBeGreaterThan(20);
  });

  it.each(names)(
    '[SEQ-5] %s: numbered densely in each log, nothing lost, nothing reordered',
    async (name) => {
      const { came, told, unanswered } = await play(name, dialectOf);
      const heads = new Map<string, number>();
      const passed: string[] = [];
      for (const frame of told) {
        if (frame.snapshot === true || typeof frame.event_seq !== 'number') continue;
        const scope = scopeOf(frame.runtime);
        if (!scope) throw new Error(`An event without a scope: ${JSON.stringify(frame)}`);
        const log = `${scopeKey(scope)} ${frame.log_id}`;
        expect(frame.event_seq).toBe((heads.get(log) ?? 0) + 1);
        heads.set(log, frame.event_seq);
        expect(frame.idempotency_key).toBe(`${frame.type}:${frame.log_id}:${frame.event_seq}`);
        expect(checkEvent(frame)).toMatchObject({ ok: true });
        if (came.includes(fingerprint(frame))) passed.push(fingerprint(frame));
      }
      expect(passed).toEqual(came);
      for (const frame of told) {
        const route = routeOf(frame.type);
        if (route?.kind === 'reply') expect(checkReply(route.command, frame)).toMatchObject({ ok: true });
      }
      expect(unanswered.map((one) => one.split(' ')[0])).toEqual(silent[name] ?? []);
    },
  );

  it.each(names)('[APR-2] %s: each request is told once and bears its hash', async (name) => {
    const { told } = await play(name, dialectOf);
    const live = told.filter(({ type, snapshot }) => type === 'control_request' && snapshot !== true);
    for (const { input_hash } of live) expect(input_hash).toMatch(/^[0-9a-f]{64}$/);
    const shown = told
      .filter(({ type }) => type === 'update_device_status')
      .flatMap((frame) => list(fields(frame.device_status).pending_control_requests).map(fields));
    for (const { input_hash } of shown) expect(input_hash).toMatch(/^[0-9a-f]{64}$/);
    const ids = new Set(shown.map(({ request_id }) => request_id));
    const times = live.map(({ request_id }) => request_id);
    expect(new Set(times)).toEqual(ids);
    if (version === '0.25.9') expect(times).toHaveLength(ids.size);
  });
});

/** It took no other name of a mode than the four; it gets those now. */
const silent: Readonly<Record<string, readonly string[]>> = {
  '0.32.18/02-create-agent-sync': ['runtime_start'],
};
