import { type Failure, failure } from '../../protocol/errors.ts';
import type { Settings } from '../../runtime/settings/settings.ts';
import type { SettingsFile } from '../../runtime/settings/settings-file.ts';

/** Changes the person's settings; a failure where the file is broken or cannot be written. */
export function changeSettings(
  file: Pick<SettingsFile, 'change'>,
  change: (before: Settings) => Settings,
): Failure | null {
  try {
    file.change(change);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('home_unwritable', `Your settings cannot be changed: ${why}`);
  }
}
