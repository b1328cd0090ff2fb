import { describe, expect, it } from 'vitest';
import { hubStand, type Peer } from '../testing/hub-stand.ts';
import { ShownHashes } from './shown-hashes.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const other = { ...scope, conversation_id: 'conv-2' };
const request = (request_id: string, input_hash?: string) => ({
  type: 'control_request',
  request_id,
  request: { subtype: 'can_use_tool' },
  ...(input_hash !== undefined && { input_hash }),
});
const farhand = { query: new URLSearchParams({ farhand: '1' }) };

function decide(client: Peer, request_id: string, more: object = {}, runtime = scope) {
  const payload = { kind: 'approval_response', request_id, decision: { behavior: 'allow' }, ...more };
  client.send({ type: 'input', runtime, payload });
}

describe('[APR-4] a decision without a hash', () => {
  it.each([
    ['seed', {}],
    ['farhand', farhand],
  ])('is bound to what that client was last shown: %s', (_, kind) => {
    const { device, flush, peer } = hubStand();
    const [client, stranger] = [peer({ ...kind, hears: 'all' }), peer(kind)];
    device.commit(scope, request('replayed', 'h-log'));
    device.commit(scope, {
      type: 'update_device_status',
      device_status: { pending_control_requests: [request('listed', 'h-listed'), 7, { request_id: 'bare' }] },
    });
    device.pending.push(request('snapshot', 'h-snapshot'));
    client.send({ type: 'sync', runtime: scope, after_event_seq: 0 });
    flush();
    device.emit(scope, request('live', 'h-old'));
    device.emit(scope, request('live', 'h-new'));
    device.emit(scope, request('unhashed'));
    flush();
    const ids = ['replayed', 'listed', 'snapshot', 'live', 'unhashed', 'bare', 'never'];
    for (const id of ids) decide(client, id);
    decide(client, 'live', { input_hash: 'own' });
    decide(client, 'live', {}, other);
    decide(stranger, 'live');
    flush();
    const hashes = device.heard.flatMap(({ type, payload }) =>
      type === 'input' ? [(payload as { input_hash?: string }).input_hash] : [],
    );
    const none = undefined;
    expect(hashes).toEqual(['h-log', 'h-listed', 'h-snapshot', 'h-new', none, none, none, 'own', none, none]);
  });

  it('is remembered for so many requests', () => {
    const shown = new ShownHashes();
    for (let n = 0; n <= 1_000; n++) {
      shown.note('s', [[`${n}`, `h-${n}`]]);
      if (n === 0 || n === 500) shown.note('s', [['again', `h-${n}`]]);
    }
    const bound = (request_id: string) =>
      shown.bind('s', { type: 'input', payload: { kind: 'approval_response', request_id } });
    expect(bound('1').payload).not.toHaveProperty('input_hash');
    expect(bound('2').payload).toMatchObject({ input_hash: 'h-2' });
    expect(bound('again').payload).toMatchObject({ input_hash: 'h-500' });
  });

  it('and every other input passes as it is', () => {
    const shown = new ShownHashes();
    shown.note('s', [['r', 'h']]);
    for (const payload of [
      { kind: 'create_message', request_id: 'r' },
      null,
      7,
      { kind: 'approval_response' },
      { kind: 'approval_response', request_id: { toString: 1 } },
    ]) {
      const frame = { type: 'input', payload };
      expect(shown.bind('s', frame)).toBe(frame);
    }
  });
});
