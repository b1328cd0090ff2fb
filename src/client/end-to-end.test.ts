import { afterEach, describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { type DeviceStand, deviceStand } from '../testing/device-stand.ts';
import { type Client, emptyTranscript, fold, type Transcript, withSent } from './index.ts';

const stands: DeviceStand[] = [];
afterEach(async () => {
  for (const stand of stands.splice(0)) await stand.close();
});

function begin() {
  const stand = deviceStand();
  stands.push(stand);
  return { stand, client: stand.connect(), scope: stand.test.scope() };
}

/** The frames of a conversation as a client hears them, and what it makes of them. */
function watch(client: Client, scope: { agent_id: string; conversation_id: string }) {
  const events: Frame[] = [];
  const looks = new Set<() => void>();
  const seen = { transcript: emptyTranscript as Transcript };
  const hear = (frame: Frame) => {
    seen.transcript = fold(seen.transcript, frame);
    for (const look of looks) look();
  };
  client.follow(
    scope,
    {
      event(frame) {
        events.push(frame);
        hear(frame);
      },
      snapshot: hear,
    },
    'start',
  );
  const until = (is: (transcript: Transcript) => boolean) =>
    new Promise<Transcript>((found) => {
      const look = () => {
        if (!is(seen.transcript)) return;
        looks.delete(look);
        found(seen.transcript);
      };
      looks.add(look);
      look();
    });
  return { events, seen, until };
}

describe('a client of a real device', () => {
  it('sends, is asked, decides, and sees the turn end', async () => {
    const { stand, client, scope } = begin();
    const { seen, until } = watch(client, scope);
    const content = 'write notes.txt hello there';
    seen.transcript = withSent(seen.transcript, { client_message_id: 'cm-1', content });
    const settled = client.send(scope, content, { client_message_id: 'cm-1', until: 'settled' });
    const { approvals } = await until((transcript) => transcript.approvals.length > 0);
    expect(approvals[0]?.request).toMatchObject({ tool_name: 'Write' });
    const request = approvals[0];
    expect(
      await client.decide(scope, request?.request_id ?? '', { behavior: 'allow' }, request?.input_hash ?? ''),
    ).toMatchObject({ ok: true });
    expect(await settled).toMatchObject({ ok: true, fate: { state: 'done' } });
    const { items, loop } = await until((transcript) => transcript.lastTurn !== null);
    expect(items.map((item) => item.kind)).toEqual(expect.arrayContaining(['user', 'call', 'assistant']));
    expect(items.find((item) => item.kind === 'call')).toMatchObject({ name: 'Write', status: 'success' });
    expect(loop).toMatchObject({ status: 'WAITING_ON_INPUT' });
    expect(stand.test.troubles).toEqual([]);
  });

  it('[SYNC-2] has the same story as the device when its connection breaks again and again', async () => {
    const { stand, client, scope } = begin();
    const { events, until } = watch(client, scope);
    const sent = client.send(scope, 'hello', { until: 'settled' });
    const cuts = setInterval(() => stand.cut(), 3);
    await until((transcript) => transcript.lastTurn !== null);
    clearInterval(cuts);
    expect(await sent).toMatchObject({ ok: true, fate: { state: 'done' } });
    const head = stand.test.store.head(scope)?.event_seq ?? 0;
    await until(() => events.length === head);
    const stored = stand.test.store.read(scope, 0, Number.MAX_SAFE_INTEGER).events.map(({ text }) => text);
    expect(events.map((frame) => JSON.stringify(frame))).toEqual(stored);
  });

  it('that comes late is shown the tool request that waits, and can answer it', async () => {
    const { stand, client, scope } = begin();
    const first = watch(client, scope);
    const settled = client.send(scope, 'ask Red or blue? | Red | Blue', { until: 'settled' });
    await first.until((transcript) => transcript.approvals.length > 0);
    const late = stand.connect();
    const requests: Frame[] = [];
    await new Promise<void>((synced) => {
      late.follow(scope, {
        event: () => undefined,
        snapshot: (frame) => void (frame.type === 'control_request' && requests.push(frame)),
        synced: () => synced(),
      });
    });
    expect(requests).toMatchObject([{ request_id: expect.stringMatching(/^perm-/), snapshot: true }]);
    const decision = { behavior: 'deny' as const, message: 'Neither.' };
    expect(await late.decide(scope, String(requests[0]?.request_id), decision)).toMatchObject({ ok: true });
    expect(await settled).toMatchObject({ ok: true, fate: { state: 'done' } });
  });

  it('stops a turn', async () => {
    const { client, scope } = begin();
    const { until } = watch(client, scope);
    const settled = client.send(scope, 'ask Red or blue? | Red | Blue', { until: 'settled' });
    await until((transcript) => transcript.approvals.length > 0);
    expect(await client.abort(scope)).toMatchObject({ ok: true, value: { aborted: true } });
    expect(await settled).toMatchObject({ ok: true, fate: { state: 'cancelled' } });
    const { items, approvals } = await until((transcript) => transcript.lastTurn !== null);
    expect(approvals).toEqual([]);
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'notice', level: 'warning', text: 'Interrupted' }),
    );
  });
});
