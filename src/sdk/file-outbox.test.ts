import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientStand } from '../testing/client-stand.ts';
import { fileOutbox } from './file-outbox.ts';

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-outbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'outbox');
}

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const outgoing = (id: string) => ({
  scope,
  client_message_id: id,
  messages: [{ role: 'user', content: `hello ${id}`, client_message_id: id }],
});

describe('[IN-6] an outbox in a folder', () => {
  it('keeps messages in their order until they are taken out, also for the next process', async () => {
    const folder = aFolder();
    const outbox = fileOutbox(folder);
    expect(await outbox.all()).toEqual([]);
    for (const id of ['c', 'a', '../b']) await outbox.put(outgoing(id));
    await outbox.put(outgoing('d'));
    await outbox.remove(outgoing('a'));
    await outbox.remove(outgoing('a'));
    expect(await fileOutbox(folder).all()).toEqual(['c', '../b', 'd'].map(outgoing));
  });

  it('is for this user alone', async () => {
    const folder = aFolder();
    await fileOutbox(folder).put(outgoing('a'));
    const [file = ''] = readdirSync(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  it('passes over what a crash left half written, and names a file that is no message', async () => {
    const folder = aFolder();
    const outbox = fileOutbox(folder);
    await outbox.put(outgoing('a'));
    writeFileSync(join(folder, 'half.json.new'), '{"v":1,"outgoing":{"client_mess');
    expect(await outbox.all()).toEqual([outgoing('a')]);
    writeFileSync(join(folder, 'bad.json'), '{"v":1}');
    await expect(outbox.all()).rejects.toThrow(/bad\.json is no message of an outbox\. Move it away/);
  });

  it('refuses a message that it cannot keep', async () => {
    const folder = aFolder();
    writeFileSync(folder, 'a file stands there');
    await expect(fileOutbox(folder).put(outgoing('a'))).rejects.toThrow('EEXIST');
  });

  it('gives what one process had not delivered to the next', async () => {
    const folder = aFolder();
    const stand = clientStand();
    stand.reachable = false;
    const first = stand.connect({ outbox: fileOutbox(folder) });
    void first.send(scope, 'hello', { client_message_id: 'cm-1' });
    await fileOutboxHas(folder, 1);
    first.close();
    stand.reachable = true;
    stand.connect({ outbox: fileOutbox(folder) });
    while (stand.device.taken.length === 0) await stand.settle();
    expect(stand.device.taken).toEqual(['cm-1']);
    await fileOutboxHas(folder, 0);
  });
});

async function fileOutboxHas(folder: string, count: number): Promise<void> {
  while ((await fileOutbox(folder).all()).length !== count) await new Promise(setImmediate);
}
