import type { Settings } from './settings.ts';
import type { SettingsFile } from './settings-file.ts';

/** The settings, or null where they cannot be read: whoever cannot do without them says what is wrong with them. */
export function readable(settings: SettingsFile): Settings | null {
  try {
    return settings.read();
  } catch {
    return null;
  }
}

/** Where it cannot be read what the owner wants, nothing runs that they might have wanted confined. */
export function sandboxIn(settings: SettingsFile): NonNullable<Settings['sandbox']> {
  const now = readable(settings);
  return now === null ? 'required' : (now.sandbox ?? 'auto');
}
