import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Variables } from './handles.ts';

/** Where a key lies: in the keyring of the system, or in a file that only its owner can read. */
export type KeyPlace = 'keyring' | 'file';

/** Keys that a person gave, by name (a provider's prefix). Never logged, never in an error's text. */
export interface KeyStore {
  /** Where `write` puts a key when no keyring takes it. */
  readonly path: string;
  /** Null: there is none. Throws an Error with words for people when the place cannot be read. */
  read(name: string, place: KeyPlace): Promise<string | null>;
  /** Into the keyring where there is one that lasts, else into the file. Throws an Error when it can be kept nowhere. */
  write(name: string, key: string): Promise<KeyPlace>;
  /** Forgets it; there need not be one. Throws an Error when it stays where it is. */
  remove(name: string, place: KeyPlace): Promise<void>;
}

/** As much of a keyring as is needed here. */
export type Keyring = {
  get(account: string): Promise<string | null>;
  set(account: string, key: string): Promise<void>;
  delete(account: string): Promise<void>;
};

/** Long enough for a person to unlock it. */
const keyringMs = 30_000;

/**
 * The keys of a home. `FARHAND_KEYS=file` leaves the keyring alone.
 * @param open gives the keyring of this system, null where there is none; default: the real one.
 */
export function keyStore(
  home: string,
  env: Variables,
  open: () => Promise<Keyring | null> = systemKeyring,
): KeyStore {
  const path = join(home, 'keys.json');
  // One keyring serves all homes of a user.
  const account = (name: string) => `${name} ${home}`;
  let opening: Promise<Keyring | null> | undefined;
  const keyring = () => {
    opening ??= env.FARHAND_KEYS === 'file' ? Promise.resolve(null) : open();
    return opening;
  };

  return {
    path,
    async read(name, place) {
      if (place === 'file') return readKeys(path)[name] ?? null;
      const ring = await keyring();
      if (!ring) throw new Error(`The keyring that holds the key of ${name} cannot be opened here`);
      return ring.get(account(name)).catch(() => {
        throw new Error(`The keyring did not give the key of ${name}`);
      });
    },
    async write(name, key) {
      const ring = await keyring();
      if (ring && (await isKept(ring, account(name), key))) {
        forget(path, name);
        return 'keyring';
      }
      writeKeys(path, { ...readKeys(path), [name]: key });
      return 'file';
    },
    async remove(name, place) {
      if (place === 'file') return forget(path, name);
      const ring = await keyring();
      if (!ring) throw new Error(`The keyring that holds the key of ${name} cannot be opened here`);
      await ring.delete(account(name)).catch(() => {
        throw new Error(`The keyring did not forget the key of ${name}`);
      });
    },
  };
}

/** A keyring is used only when it gives back what it was given: headless systems have some that take keys and keep none. */
async function isKept(ring: Keyring, account: string, key: string): Promise<boolean> {
  try {
    await ring.set(account, key);
    return (await ring.get(account)) === key;
  } catch {
    // Locked, or not there at all: the file is there for that, and whoever asked is told where the key lies.
    return false;
  }
}

/** Null where the package has no build for this system, or was left out at installation. */
async function systemKeyring(): Promise<Keyring | null> {
  const loaded = await import('@napi-rs/keyring').catch(() => null);
  if (loaded === null) return null;
  // Without this a Linux without a secret service gets the kernel's keyring, which forgets at the next start.
  const options = { linux: { store: 'secret-service' as const } };
  const entry = (account: string) => new loaded.AsyncEntry('farhand', account, options);
  const patience = () => AbortSignal.timeout(keyringMs);
  return {
    get: async (account) => (await entry(account).getPassword(patience())) ?? null,
    set: async (account, key) => entry(account).setPassword(key, patience()),
    delete: async (account) => void (await entry(account).deleteCredential(patience())),
  };
}

type Keys = Readonly<Record<string, string>>;

function readKeys(path: string): Keys {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code}). Make it readable for you alone.`,
    );
  }
  const keys = keysIn(text);
  if (keys === null)
    throw new Error(`${path} holds no keys that can be read. Move it away, and connect again.`);
  return keys;
}

function keysIn(text: string): Keys | null {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (typeof keys !== 'object' || keys === null) return null;
    return Object.fromEntries(Object.entries(keys).filter(([, key]) => typeof key === 'string'));
  } catch {
    // What the parser says would quote the file.
    return null;
  }
}

function forget(path: string, name: string): void {
  const { [name]: gone, ...rest } = readKeys(path);
  if (gone === undefined) return;
  if (Object.keys(rest).length === 0) rmSync(path);
  else writeKeys(path, rest);
}

function writeKeys(path: string, keys: Keys): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify({ v: 1, keys }, null, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
