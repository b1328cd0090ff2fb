import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** The first file of that name in the folders of `path` (as in PATH) that can be run; null where there is none. */
export async function findProgram(name: string, path = '/usr/bin:/bin'): Promise<string | null> {
  for (const folder of path.split(':').filter(isAbsolute)) {
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
    } catch {
      // Not here, or not for us: the next folder may have it.
    }
  }
  return null;
}
