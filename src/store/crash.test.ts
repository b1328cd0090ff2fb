import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentA, codeOf, options } from './contract-context.ts';
import { openStore } from './sqlite.ts';
import type { Store } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farhand-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

// Commits for ever; every printed number is of an event whose commit has returned.
const committer = `
import { writeSync } from 'node:fs';
import { openStore } from ${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)};
const store = openStore(process.env.TEST_STORE, { applyVersion: 1, machine: 'this', durability: 'process' });
const scope = ${JSON.stringify(agentA)};
if (!store.conversation(scope)) store.createConversation(scope, Date.now());
for (;;) {
  const n = store.head(scope).event_seq + 1;
  const text = { kind: 'text', v: 1, message: 'm', field: 'assistant', text: String(n) };
  const input = { key: 'k' + n, input_id: 'i' + n, hash: 'h', state: 'accepted', turn_id: null, code: null, at: n };
  const [committed] = store.commit([
    { scope, at: n, facts: [text], events: [{ type: 'n', value: n }], inputs: [{ kind: 'add', input }] },
  ]);
  writeSync(1, committed.events[0].event_seq + '\\n');
}`;

/** Lets a process commit, kills it in the middle of that and returns the last number that it acknowledged. */
async function commitUntilKilled(path: string, acknowledgements: number): Promise<number> {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', committer];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TEST_STORE: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let last = 0;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    seen += 1;
    if (seen === acknowledgements) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
}

describe('kill -9', () => {
  it('[SEQ-1] keeps every acknowledged commit whole, and none twice', async () => {
    const path = join(folder, 'device.db');
    for (const acknowledgements of [1, 37, 400, 2_500]) {
      const last = await commitUntilKilled(path, acknowledgements);
      const store = openStore(path, options);
      const head = store.head(agentA)?.event_seq ?? 0;
      // The commit that was under way may be there too, but no more than that one.
      expect([last, last + 1]).toContain(head);
      const numbers = Array.from({ length: head }, (_, i) => i + 1);
      const { events, gap } = store.read(agentA, 0, 1e9);
      expect(gap).toBeNull();
      expect(events.map((event) => event.event_seq)).toEqual(numbers);
      expect(events.map((event) => JSON.parse(event.text).value)).toEqual(numbers);
      const texts = store.load(agentA)?.facts.map((fact) => (fact.kind === 'text' ? fact.text : fact.kind));
      expect(texts).toEqual(numbers.map(String));
      expect(store.input(agentA, `k${head}`)?.input_id).toBe(`i${head}`);
      expect(store.input(agentA, `k${head + 1}`)).toBeNull();
      store.close();
    }
  }, 60_000);

  it('[HOME-2] fences a process that still runs, at its next commit', async () => {
    const path = join(folder, 'device.db');
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', committer];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TEST_STORE: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit');
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += chunk;
    });
    let last = 0;
    const followers: Store[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last >= 50 && followers.length === 0) followers.push(openStore(path, options));
    }
    expect(await exited).toEqual([1, null]);
    expect(told).toContain('lease_lost');
    expect(followers.map((store) => store.head(agentA)?.event_seq)).toEqual([last]);
    for (const store of followers) {
      expect(codeOf(() => store.commit([]))).toBe('nothing thrown');
      store.close();
    }
  }, 30_000);
});
