import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import ignore from 'ignore';
import * as z from 'zod';
import { defineTool, prepared, success } from './define.ts';
import { isProblem, locate } from './paths.ts';

const maxNames = 1_000;

export const ls = defineTool({
  name: 'LS',
  description: `Lists what is in one folder, hidden names too; folders end in "/". Shows at most ${maxNames} names. To find files by name in a tree use Glob.`,
  input: z.strictObject({
    path: z.string().min(1).optional().describe('The folder; the working directory if left out'),
    ignore: z.array(z.string()).optional().describe('Names to leave out, as in .gitignore'),
  }),
  example: { path: 'src', ignore: ['*.map'] },
  replay: 'safe',
  access: 'read',
  targets: ({ path }) => [path ?? '.'],
  async prepare({ path, ignore: patterns }, context) {
    const place = await locate(path ?? '.', context, 'read');
    if (isProblem(place)) return place;
    const ignored = ignore().add(patterns ?? []);
    return prepared(`Listing ${place.shown}`, async () => {
      const entries = await readdir(place.real, { withFileTypes: true });
      const names = await Promise.all(entries.map((entry) => nameOf(place.real, entry)));
      const wanted = names.filter((name) => !ignored.ignores(name)).sort();
      if (wanted.length === 0)
        return success(
          names.length === 0 ? `${place.shown} is empty.` : `Everything in ${place.shown} is ignored.`,
        );
      const more = wanted.length - maxNames;
      const note = more > 0 ? [`[${more} more names. Leave some out with ignore, or use Glob.]`] : [];
      return success([...wanted.slice(0, maxNames), ...note].join('\n'));
    });
  },
});

/** With a slash after folders, also behind a symbolic link. */
async function nameOf(folder: string, entry: Dirent): Promise<string> {
  if (entry.isDirectory()) return `${entry.name}/`;
  if (!entry.isSymbolicLink()) return entry.name;
  // A link that leads nowhere is still a name in the folder.
  const leadsTo = await stat(join(folder, entry.name)).catch(() => null);
  return leadsTo?.isDirectory() ? `${entry.name}/` : entry.name;
}
