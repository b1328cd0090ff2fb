import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireOwnerLock } from '../../sqlite/owner-lock.ts';
import { startModelServer } from '../../testing/model-server.ts';
import { program } from '../commands/index.ts';
import { Member } from '../home/member.ts';
import { homePaths } from '../home/paths.ts';
import { runProgram } from '../program/run.ts';
import { testIo } from '../test-io.ts';
import { type Check, checkAll } from './checks.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function examine(env: Record<string, string>): Promise<Record<string, Check>> {
  const checks = await checkAll(testIo({ env: { FARHAND_DISCOVER: '0', ...env } }));
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

describe('farhand doctor', () => {
  it('finds everything well before the first start, and makes no home of it', async () => {
    const home = temporaryFolder();
    const checks = await examine({ FARHAND_HOME: home });
    expect(Object.values(checks).filter(({ state }) => state === 'fail')).toEqual([]);
    expect(checks.database).toMatchObject({ state: 'ok', detail: 'none yet: the first start makes it' });
    expect(checks.owner).toMatchObject({ detail: 'no farhand runs in this home now' });
    expect(checks.model).toMatchObject({ detail: expect.stringContaining('demo: built in, not an AI') });
    expect(checks.ripgrep).toMatchObject({ state: 'ok' });
    expect(checks.sandbox).toMatchObject(
      checks.sandbox?.state === 'ok'
        ? { detail: expect.stringMatching(/^(bubblewrap|seatbelt) confines commands$/) }
        : { state: 'warn', detail: expect.stringMatching(/^Commands run unconfined\. \S/) },
    );
  });

  it('looks at a home that somebody runs, without getting in the way', async () => {
    const home = temporaryFolder();
    const paths = homePaths({ FARHAND_HOME: home });
    if ('code' in paths) throw new Error(paths.message);
    const trouble = (what: string, error: unknown) => {
      throw new Error(what, { cause: error });
    };
    const member = new Member(paths, { cwd: home, trouble });
    onTestFinished(() => member.leave());
    expect(await member.join()).toBeNull();
    const checks = await examine({ FARHAND_HOME: home });
    expect(checks.database).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/device\.db, \d+\.\d MB, schema \d+$/),
    });
    expect(checks.owner).toMatchObject({ state: 'ok', detail: 'another farhand runs this home and answers' });
    expect(member.owner).not.toBeNull();
  });

  it('[HOME-1] says when the owner does not answer', async () => {
    const home = temporaryFolder();
    const lock = acquireOwnerLock(home);
    if ('code' in lock) throw new Error(lock.message);
    onTestFinished(() => lock.release());
    expect((await examine({ FARHAND_HOME: home })).owner).toMatchObject({
      state: 'fail',
      detail: expect.stringContaining('does not answer'),
    });
  });

  it('says what is wrong with a home or a database', async () => {
    const home = temporaryFolder();
    const file = join(home, 'file');
    writeFileSync(file, 'no folder');
    expect((await examine({ FARHAND_HOME: file })).home).toMatchObject({
      state: 'fail',
      detail: expect.stringContaining('FARHAND_HOME'),
    });
    writeFileSync(
      join(home, 'device.db'),
      'not a database, but long enough to be looked at as one'.repeat(40),
    );
    expect((await examine({ FARHAND_HOME: home })).database).toMatchObject({
      state: 'fail',
      detail: expect.stringContaining('cannot be read'),
    });
  });

  it('asks the model for a word', async () => {
    const models = await startModelServer({ scripts: { any: [{ text: 'ready' }] } });
    onTestFinished(() => models.close());
    const env = { FARHAND_HOME: temporaryFolder(), OPENAI_BASE_URL: models.url };
    const answering = await examine({ ...env, FARHAND_MODEL: 'openai-compatible/scripted' });
    expect(answering.model).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/^openai-compatible\/scripted answers \(\d+\.\d s\)$/),
    });
  });

  it.each([
    [
      { FARHAND_MODEL: 'openai-compatible/x', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
      /^openai-compatible\/x: .+127\.0\.0\.1:9/,
    ],
    [{ FARHAND_MODEL: 'openai/gpt-5' }, /OPENAI_API_KEY is not set/],
    [{ FARHAND_MODEL: 'anthropic/x' }, /farhand connect anthropic/],
    [{ FARHAND_MODEL: 'nonsense' }, /names no model/],
  ])('says why a model cannot answer: %j', async (env, why) => {
    expect((await examine({ FARHAND_HOME: temporaryFolder(), ...env })).model).toMatchObject({
      state: 'fail',
      detail: expect.stringMatching(why),
    });
  });

  it('ends with 1 when something fails, and tells programs all of it', async () => {
    const run = async (env: Record<string, string>) => {
      const io = testIo({ env: { FARHAND_HOME: temporaryFolder(), FARHAND_DISCOVER: '0', ...env } });
      return { code: await runProgram(['doctor', '--json'], program, io), said: JSON.parse(io.stdout()) };
    };
    expect(await run({})).toMatchObject({ code: 0, said: { ok: true, checks: expect.any(Array) } });
    expect(await run({ FARHAND_MODEL: 'nonsense' })).toMatchObject({ code: 1, said: { ok: false } });
  });
});
