import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../sqlite/open.ts';
import { agentA, change, options, t0 } from './contract-context.ts';
import { migrations } from './schema.ts';
import { openStore } from './sqlite.ts';

it('a home from before there was a feed gets one, with what it has kept in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-schema-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'device.db');
  const old = openDatabase(path, { migrations: migrations.slice(0, 1) });
  old.exec(`
    INSERT INTO home (one, home_id, device_id, machine, lease) VALUES (1, 'home-1', 'device-1', 'this', 7);
    INSERT INTO conversation (id, conversation_id, agent, log_id, head, created_at, updated_at)
    VALUES (1, '${agentA.conversation_id}', '${agentA.agent_id}', 'log-1', 1, 0, 0);
    INSERT INTO event (position, conversation, seq, at, text) VALUES (77, 1, 1, 0, '{"type":"old"}');`);
  old.close();

  const store = openStore(path, options);
  expect(store).toMatchObject({ homeId: 'home-1', deviceId: 'device-1', lease: 8 });
  const event = { event_seq: 1, position: 77, text: '{"type":"old"}' };
  expect([store.feed(0, 1e6), store.feedHead()]).toEqual([[event], 77]);
  const consumed = [{ inbox_id: 'inbox-1', position: 3 }];
  const [next] = store.commit([change(agentA, { at: t0, events: [{ type: 'new' }], consumed })]);
  expect(store.feed(77, 1e6)).toEqual(next?.events);
  store.close();

  const again = openStore(path, options);
  expect(again.feedId).toMatch(/./);
  expect([again.feedId, again.consumed('inbox-1', 0)]).toEqual([store.feedId, [3]]);
  again.close();
});
