import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Keyring, keyStore } from './keys.ts';

function aHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'farhand-keys-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

function aKeyring(more: Partial<Keyring> = {}) {
  const kept = new Map<string, string>();
  const ring: Keyring = {
    get: async (account) => kept.get(account) ?? null,
    set: async (account, key) => void kept.set(account, key),
    delete: async (account) => void kept.delete(account),
    ...more,
  };
  return { kept, open: async () => ring };
}

const locked = () => Promise.reject(new Error('sk-secret is locked'));

describe('a key', () => {
  it('lies in the keyring where there is one, for this home alone', async () => {
    const { kept, open } = aKeyring();
    const [home, other] = [aHome(), aHome()];
    const keys = keyStore(home, {}, open);
    expect(await keys.write('groq', 'sk-secret')).toBe('keyring');
    expect([...kept.values()]).toEqual(['sk-secret']);
    expect(existsSync(keys.path)).toBe(false);
    expect(await keys.read('groq', 'keyring')).toBe('sk-secret');
    expect(await keyStore(other, {}, open).read('groq', 'keyring')).toBeNull();
    await keys.remove('groq', 'keyring');
    expect(kept.size).toBe(0);
  });

  it.each([
    ['there is no keyring', async () => null],
    ['it is locked', aKeyring({ set: locked }).open],
    ['it keeps nothing', aKeyring({ get: async () => null }).open],
  ])('lies in a file for its owner alone where %s', async (_why, open) => {
    const home = aHome();
    const keys = keyStore(home, {}, open);
    expect(await keys.write('groq', 'sk-secret')).toBe('file');
    await keys.write('openai', 'sk-other');
    expect(statSync(keys.path).mode & 0o777).toBe(0o600);
    expect(await keyStore(home, {}, open).read('groq', 'file')).toBe('sk-secret');
    await keys.remove('groq', 'file');
    expect(readFileSync(keys.path, 'utf8')).not.toContain('sk-secret');
    expect(await keys.read('openai', 'file')).toBe('sk-other');
    await keys.remove('openai', 'file');
    expect(existsSync(keys.path)).toBe(false);
  });

  it('stays out of the keyring on request, and leaves the file when it comes to the keyring', async () => {
    const home = aHome();
    const { kept, open } = aKeyring();
    expect(await keyStore(home, { FARHAND_KEYS: 'file' }, open).write('groq', 'sk-1')).toBe('file');
    expect(kept.size).toBe(0);
    const keys = keyStore(home, {}, open);
    expect(await keys.write('groq', 'sk-2')).toBe('keyring');
    expect(existsSync(keys.path)).toBe(false);
  });

  it('is in no error', async () => {
    const keys = keyStore(aHome(), {}, aKeyring({ get: locked, delete: locked }).open);
    await expect(keys.read('groq', 'keyring')).rejects.toThrow(/^The keyring did not give the key of groq$/);
    await expect(keys.remove('groq', 'keyring')).rejects.toThrow(/did not forget the key of groq$/);
    writeFileSync(keys.path, '{"keys": {"groq": "sk-secret"');
    await expect(keys.read('groq', 'file')).rejects.toThrow(/keys\.json holds no keys that can be read/);
    await expect(keys.read('groq', 'file')).rejects.not.toThrow(/sk-secret/);
  });
});
