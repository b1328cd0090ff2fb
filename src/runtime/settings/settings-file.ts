import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type Settings, settingsSchema } from './settings.ts';

/** The settings of a home, read again whenever the file has changed. */
export interface SettingsFile {
  readonly path: string;
  /**
   * The same object as before where nothing has changed. Throws an Error that says what is wrong and where, when the file cannot be used;
   * nothing is guessed then.
   */
  read(): Settings;
  /** Reads, changes and writes it whole, readable by its owner alone. Of two writers at once the later one wins a whole change, not half of one. */
  change(how: (settings: Settings) => Settings): void;
}

const none: Settings = { v: 1 };

export function settingsFile(home: string): SettingsFile {
  const path = join(home, 'settings.json');
  let known: { readonly mark: string; readonly settings: Settings } | null = null;

  const read = (): Settings => {
    const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (!stats) return none;
    const mark = `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
    if (known?.mark !== mark) known = { mark, settings: parse(path, readFileSync(path, 'utf8')) };
    return known.settings;
  };

  return {
    path,
    read,
    change(how) {
      const text = `${JSON.stringify(how(read()), null, 2)}\n`;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
        renameSync(temporary, path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
    },
  };
}

function parse(path: string, text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} is not JSON (${why}). Mend it or move it away, and try again.`);
  }
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(
    `${path} holds settings that are not valid. Mend them and try again.\n${z.prettifyError(parsed.error)}`,
  );
}
