import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireOwnerLock, type OwnerLock } from './owner-lock.ts';
import { StoreError } from './store-error.ts';

let home: string;
let children: ChildProcess[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'farhand-lock-'));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(home, { recursive: true });
});

// Tries when a line comes in, says what came of it and lives on.
const contender = `
import { acquireOwnerLock } from ${JSON.stringify(new URL('./owner-lock.ts', import.meta.url).href)};
process.stdout.write('ready\\n');
process.stdin.once('data', () => {
  const lock = acquireOwnerLock(process.env.TEST_HOME);
  process.stdout.write('code' in lock ? lock.code + '\\n' : 'owner\\n');
  setInterval(() => lock, 1_000);
});`;

async function startContender(): Promise<{ child: ChildProcess; attempt(): Promise<string> }> {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', contender];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TEST_HOME: home },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  expect(await next()).toBe('ready');
  return {
    child,
    attempt() {
      child.stdin.write('go\n');
      return next();
    },
  };
}

function owned(): OwnerLock {
  const lock = acquireOwnerLock(home);
  if ('code' in lock) throw new Error(lock.message);
  return lock;
}

describe('owner lock', () => {
  it('[HOME-1] is held by one process at a time and free at once when that one is killed', async () => {
    const { child, attempt } = await startContender();
    expect(await attempt()).toBe('owner');
    expect(acquireOwnerLock(home)).toEqual({
      code: 'home_owned',
      message: expect.stringContaining(home),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    owned().release();
  });

  it('[HOME-1] goes to exactly one of those who ask at the same moment', async () => {
    const contenders = await Promise.all(Array.from({ length: 4 }, startContender));
    const answers = await Promise.all(contenders.map(({ attempt }) => attempt()));
    expect(answers.sort()).toEqual(['home_owned', 'home_owned', 'home_owned', 'owner']);
  });

  it('[HOME-1] excludes this process too, until it is released', () => {
    const lock = owned();
    expect(acquireOwnerLock(home)).toMatchObject({ code: 'home_owned' });
    expect(acquireOwnerLock(home)).toMatchObject({ code: 'home_owned' });
    lock.release();
    lock.release();
    owned().release();
  });

  it('[HOME-1] is not lost by asking again in the process that has it', async () => {
    const lock = owned();
    expect(acquireOwnerLock(home)).toMatchObject({ code: 'home_owned' });
    const { attempt } = await startContender();
    expect(await attempt()).toBe('home_owned');
    lock.release();
  });

  it('leaves one empty file, for this user alone', () => {
    const lock = owned();
    expect(readdirSync(home)).toEqual(['owner.lock']);
    expect(statSync(join(home, 'owner.lock'))).toMatchObject({ size: 0 });
    expect(statSync(join(home, 'owner.lock')).mode & 0o777).toBe(0o600);
    lock.release();
  });

  it('makes the home where it is missing and says when it cannot', () => {
    const fresh = join(home, 'new');
    const lock = acquireOwnerLock(fresh);
    expect('release' in lock).toBe(true);
    if ('release' in lock) lock.release();
    writeFileSync(join(home, 'file'), '');
    expect(() => acquireOwnerLock(join(home, 'file'))).toThrow(StoreError);
    expect(() => acquireOwnerLock(join(home, 'file'))).toThrow(/cannot be opened for writing/);
  });
});
