import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { reasonOf } from '../tools/errno.ts';
import { isProblem } from '../tools/paths.ts';
import type { Problem } from '../tools/tool.ts';
import { confinementOf, type Ground, needOf, type Workspace } from './confinement.ts';
import { findSandbox } from './find-sandbox.ts';
import { layersOf } from './layers.ts';
import { makeFolders, onDisk } from './on-disk.ts';
import { newCaches } from './places.ts';
import { repositoryOf } from './repository.ts';
import type { Confine, Confined, FoundSandbox, Sandbox, SandboxSetting } from './sandbox.ts';

/** `name` null: commands run unconfined, for the `reason`. */
export type SandboxStatus = { readonly name: Sandbox['name'] | null; readonly reason?: string };

/** The conversation that a command belongs to; `key` is its own on this device. */
export type Asking = Pick<Ground, 'mode' | 'cwd'> & {
  readonly key: string;
  /** Its paths as the client wrote them. */
  readonly workspace: Workspace | null;
};

/** How one device confines commands. */
export interface Sandboxing {
  /** Undefined for the moment that it takes to find out. */
  status(): SandboxStatus | undefined;
  confine(asking: Asking): Confine;
  /** Removes the private folders. */
  close(): Promise<void>;
}

export type SandboxingOptions = {
  /** Looked up for every command. */
  readonly setting: () => SandboxSetting;
  /** Farhand's home. */
  readonly farhand: string;
  /** Folders in it that tools may read. */
  readonly readable: readonly string[];
  /** What tools get. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the private folders are; only we may enter what it lies in. What a killed owner left there is removed. */
  readonly folder: string;
  readonly find?: () => Promise<FoundSandbox>;
};

export function sandboxing({
  setting,
  farhand,
  readable,
  env,
  folder,
  find = findSandbox,
}: SandboxingOptions): Sandboxing {
  const home = env.HOME ?? homedir();
  rmSync(folder, { recursive: true, force: true });
  let known: FoundSandbox | undefined;
  if (setting() !== 'off') void find().then((one) => (known = one));

  /** A folder of the conversation's own for a path that it does not share. */
  const privateFolder = (key: string, path: string): string => {
    const name = createHash('sha256').update(`${key} ${path}`).digest('hex').slice(0, 32);
    const made = join(folder, name);
    mkdirSync(made, { recursive: true });
    if (path.endsWith('/tmp')) chmodSync(made, 0o1777);
    return made;
  };
  const emptyFile = (key: string): string => {
    const file = join(privateFolder(key, 'nothing'), 'empty');
    writeFileSync(file, '');
    return file;
  };

  const confinedBy = (
    sandbox: Sandbox,
    command: readonly string[],
    { key, ...asking }: Asking,
  ): Confined | Problem => {
    const repository = repositoryOf(asking.cwd, home);
    const confinement = confinementOf({ ...asking, home, farhand, readable, env, repository });
    if (isProblem(confinement)) return confinement;
    if (!asking.workspace) makeFolders(newCaches(home));
    const { network, note, rules } = confinement;
    const around = {
      cwd: asking.cwd,
      network,
      empty: emptyFile(key),
      standIn: (path: string) => privateFolder(key, path),
    };
    return { command: sandbox.wrap(command, layersOf(onDisk(rules)), around), note };
  };

  return {
    status: () => {
      if (setting() === 'off') return { name: null, reason: 'It is switched off.' };
      if (!known) return undefined;
      return 'sandbox' in known ? { name: known.sandbox.name } : { name: null, reason: known.missing };
    },

    confine:
      ({ key, mode, cwd, workspace: asked }) =>
      async (command) => {
        const workspace = asked && {
          root: resolve(asked.root),
          isolation_root: resolve(asked.isolation_root),
        };
        const need = needOf({ setting: setting(), mode, workspace });
        if (need === 'none') return { command, note: null };
        const found = await find();
        if ('missing' in found) {
          if (need === 'wanted') return { command, note: null };
          const who = workspace ? 'This conversation is' : 'Commands are';
          return {
            problem: `${who} to run in a sandbox only, and this machine has none. ${found.missing} Tell the person.`,
          };
        }
        try {
          return confinedBy(found.sandbox, command, { key, mode, cwd, workspace });
        } catch (error) {
          return { problem: `The command cannot be confined: ${reasonOf(error)}.` };
        }
      },

    async close() {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
