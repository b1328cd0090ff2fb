import { describe, expect, it } from 'vitest';
import { virtualClock } from '../link/virtual-clock.ts';
import { type ClientState, Standing } from './state.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };

function begin() {
  const clock = virtualClock(1_000_000);
  const told: ClientState[] = [];
  const standing = new Standing(clock.now, (state) => told.push(state));
  const words = (emitted_at?: string) =>
    standing.heard(
      {
        type: 'stream_delta',
        delta: { message_type: 'assistant_message' },
        ...(emitted_at && { emitted_at }),
      },
      scope,
    );
  const loop = (conversation_id: string, waiting_for?: object) =>
    standing.heard(
      { type: 'update_loop_status', loop_status: { status: 'X', ...(waiting_for && { waiting_for }) } },
      { ...scope, conversation_id },
    );
  const presence = (online: boolean) =>
    standing.heard(
      { type: 'device_presence', online, since: 7, last_seen: 6, connection_name: 'desk' },
      null,
    );
  const status = (is_online: boolean) =>
    standing.heard({ type: 'update_device_status', snapshot: true, device_status: { is_online } }, scope);
  return { clock, told, standing, words, loop, presence, status };
}

describe('the state that a client can show', () => {
  it('has for the broker, the device and the model the last sign of life, which alone is no news', async () => {
    const { clock, told, standing, words, presence } = begin();
    standing.up();
    presence(true);
    const news = told.length;
    await clock.advance(5_000);
    words(new Date(1_003_000).toISOString());
    expect(standing.value).toMatchObject({
      broker: { online: true, since: 1_000_000, lastSeen: 1_005_000 },
      device: { online: true, since: 7, lastSeen: 1_003_000, name: 'desk' },
      model: { waiting_for: null, lastSeen: 1_003_000 },
    });
    expect(told).toHaveLength(news);
  });

  it('does not take what is told of long ago for a sign of life now, nor a clock that is ahead', async () => {
    const { clock, standing, words } = begin();
    standing.up();
    words(new Date(400_000).toISOString());
    expect(standing.value.device.lastSeen).toBe(400_000);
    words(new Date(9_000_000).toISOString());
    await clock.advance(1);
    expect(standing.value.device.lastSeen).toBe(1_000_000);
    words('nonsense');
    expect(standing.value).toMatchObject({ device: { lastSeen: 1_000_000 }, model: { lastSeen: 1_000_001 } });
  });

  it('knows nothing of the device while there is no connection, but when it was seen', () => {
    const { standing, presence } = begin();
    standing.up();
    presence(false);
    expect(standing.value.device).toMatchObject({ online: false, lastSeen: 6 });
    standing.down('closed with 1006');
    expect(standing.value).toMatchObject({
      broker: { online: false, why: 'closed with 1006' },
      device: { online: null, lastSeen: 6, name: 'desk' },
    });
  });

  it('believes a status until the broker itself says whether the device is there', () => {
    const { standing, presence, status } = begin();
    standing.up();
    status(false);
    expect(standing.value.device.online).toBe(false);
    presence(true);
    status(false);
    expect(standing.value.device.online).toBe(true);
  });

  it('tells the longest wait for a model over all conversations, when it begins and when it ends', () => {
    const { told, standing, loop } = begin();
    loop('conv-1', { kind: 'model', since: 20, detail: 'one' });
    loop('conv-2', { kind: 'model', since: 10, detail: 'two' });
    loop('conv-2', { kind: 'model', since: 10, detail: 'two, again' });
    loop('conv-3', { kind: 'tool', since: 1, detail: 'Bash' });
    expect(standing.value.model.waiting_for).toEqual({ kind: 'model', since: 10, detail: 'two, again' });
    loop('conv-2');
    loop('conv-1', { kind: 'approval', since: 30, detail: 'Bash' });
    expect(standing.value.model.waiting_for).toBeNull();
    expect(told.map(({ model }) => model.waiting_for?.since ?? null)).toEqual([20, 10, 20, null]);
  });
});
