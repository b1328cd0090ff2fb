import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testIo } from '../test-io.ts';
import { installShim, removeShim, shimPath } from './shim.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-shim-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('the letta command', () => {
  it('runs farhand with the words it is given, whatever its path', async () => {
    const folder = join(temporaryFolder(), "it's a bin");
    const launcher = join(temporaryFolder(), 'farhand it.mjs');
    writeFileSync(launcher, 'console.log(process.argv.slice(2).join("|"))');
    const path = join(folder, 'letta');
    expect(await installShim(path, launcher)).toEqual({ path });
    expect(execFileSync(path, ['remote', '--env-name', 'a b'], { encoding: 'utf8' })).toBe(
      'remote|--env-name|a b\n',
    );
    expect(await installShim(path, launcher)).toEqual({ path });
    expect(await removeShim(path)).toEqual({ path });
    expect(await removeShim(path)).toBeNull();
  });

  it('never takes the place of what somebody else put there', async () => {
    const path = join(temporaryFolder(), 'letta');
    writeFileSync(path, '#!/bin/sh\necho stock\n');
    expect(await installShim(path)).toMatchObject({
      code: 'input_invalid',
      message: expect.stringContaining('stays as it is'),
    });
    expect(await removeShim(path)).toMatchObject({ code: 'input_invalid' });
    expect(readFileSync(path, 'utf8')).toContain('stock');
  });

  it('does not write through a link', async () => {
    const folder = temporaryFolder();
    const target = join(folder, 'elsewhere');
    await installShim(target, '/x');
    const before = readFileSync(target, 'utf8');
    symlinkSync(target, join(folder, 'letta'));
    expect(await installShim(join(folder, 'letta'), '/y')).toMatchObject({ code: 'input_invalid' });
    expect(readFileSync(target, 'utf8')).toBe(before);
  });

  it('says when its folder cannot be written', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(await installShim(join(file, 'letta'))).toMatchObject({
      code: 'home_unwritable',
      message: expect.stringContaining('--dir'),
    });
  });

  it('lies in ~/.local/bin unless told otherwise', () => {
    const io = testIo({ env: { HOME: '/home/ann' }, cwd: '/work' });
    expect(shimPath(undefined, io)).toBe('/home/ann/.local/bin/letta');
    expect(shimPath('bin', io)).toBe('/work/bin/letta');
  });
});
