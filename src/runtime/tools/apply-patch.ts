import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import { deedAt, defineTool } from './define.ts';
import { type DiffPreview, diffPreview, diffText } from './diff-preview.ts';
import { encoded, type FileChange, openFile, openText, prepareChanges } from './file-change.ts';
import { applyHunks } from './patch-apply.ts';
import { type PatchSection, parsePatch } from './patch-format.ts';
import { isProblem, type Place } from './paths.ts';
import type { Deed, Problem, ToolContext } from './tool.ts';

const example = `*** Begin Patch
*** Update File: src/main.ts
@@ function main() {
-  let count = 1;
+  let count = 2;
   start(count);
*** End Patch`;

export const patchInput = z.strictObject({
  input: z.string().min(1).describe('The whole patch, from *** Begin Patch to *** End Patch'),
});

export const applyPatch = defineTool({
  name: 'ApplyPatch',
  description:
    'Changes files by a patch. It is "*** Begin Patch", then for each file one of "*** Add File: <path>" (each line of it ' +
    'after a "+"), "*** Delete File: <path>", or "*** Update File: <path>" (with "*** Move to: <path>" in the next line to move ' +
    'it), then "*** End Patch". An update has changes: a line "@@", or "@@ <a line above>" where the place is not clear without, ' +
    'then lines that stay after a space, lines that go after "-", lines that come after "+"; "*** End of File" after a change at ' +
    'the end. Give three lines that stay around each change. Everything is checked before anything is written.',
  input: patchInput,
  example: { input: example },
  aliases: { patch: 'input' },
  replay: 'verify',
  access: 'edit',
  deeds: ({ input }, context) => patchDeeds(input, context),
  async preview({ input }, context): Promise<readonly DiffPreview[]> {
    const planned = await planPatch(input, context);
    if (isProblem(planned)) return [diffPreview('patch', planned)];
    return planned.map((change) => diffPreview(change.place.shown, change));
  },
  async prepare({ input }, context) {
    const planned = await planPatch(input, context);
    if (isProblem(planned)) return planned;
    return prepareChanges(planned, planned.map(told).join('\n'), context);
  },
});

async function patchDeeds(input: string, context: ToolContext): Promise<readonly Deed[]> {
  const sections = parsePatch(input);
  // Nothing is done by a patch that cannot be read.
  if ('wrong' in sections)
    return [{ reach: 'internal', subject: 'a patch that cannot be read', match: null }];
  const paths = sections.flatMap((section) =>
    section.kind === 'update' && section.moveTo !== null ? [section.path, section.moveTo] : [section.path],
  );
  return Promise.all(paths.map((path) => deedAt('edit', path, context)));
}

/** Everything that the patch changes, worked out on the files as they are; what goes comes last. */
async function planPatch(input: string, context: ToolContext): Promise<readonly FileChange[] | Problem> {
  const sections = parsePatch(input);
  if ('wrong' in sections) return { problem: `${sections.wrong} Nothing was changed.` };
  const changes: FileChange[] = [];
  for (const section of sections) {
    const planned = await planSection(section, context);
    if (isProblem(planned)) return { problem: `${planned.problem} Nothing was changed.` };
    changes.push(...planned);
  }
  const paths = changes.map(({ place }) => place.real);
  const twice = changes.find(({ place }, index) => paths.indexOf(place.real) !== index);
  if (twice)
    return {
      problem: `${twice.place.shown} is changed in two places of the patch. Put them into one. Nothing was changed.`,
    };
  return changes.toSorted((a, b) => Number(a.after === null) - Number(b.after === null));
}

async function planSection(
  section: PatchSection,
  context: ToolContext,
): Promise<readonly FileChange[] | Problem> {
  if (section.kind === 'add') {
    const { content, path } = section;
    const added = await openNew(path, context);
    return isProblem(added) ? added : [{ ...added, after: Buffer.from(content) }];
  }
  if (section.kind === 'delete') {
    const open = await openFile(section.path, context);
    if (isProblem(open)) return open;
    if (await isLink(open.place, context)) return linkProblem(open.place);
    if (open.before === null)
      return { problem: `${open.place.shown} does not exist, so it cannot be deleted.` };
    return [{ ...open, after: null }];
  }
  const open = await openText(section.path, context);
  if (isProblem(open)) return open;
  const { place, before, file } = open;
  const applied = applyHunks(file.text, section.hunks);
  if ('wrong' in applied)
    return { problem: `${place.shown}: ${applied.wrong}\nRead the file and write the patch anew.` };
  const after = encoded(applied.text, file, place);
  if (isProblem(after)) return after;
  if (section.moveTo === null) return [{ place, before, after }];
  if (await isLink(place, context)) return linkProblem(place);
  const target = await openNew(section.moveTo, context);
  if (isProblem(target)) return target;
  return [
    { ...target, after, like: place },
    { place, before, after: null },
  ];
}

/** Removing what a link leads to would leave a link to nothing. */
const isLink = async ({ shown }: Place, { cwd }: ToolContext): Promise<boolean> =>
  (await lstat(resolve(cwd, shown)).catch(() => null))?.isSymbolicLink() ?? false;
const linkProblem = ({ shown }: Place): Problem => ({
  problem: `${shown} is a symbolic link. Delete or move it with a Bash command.`,
});

async function openNew(path: string, context: ToolContext) {
  const open = await openFile(path, context);
  if (isProblem(open)) return open;
  if (open.before !== null)
    return { problem: `${open.place.shown} exists already. Update it, or choose another path.` };
  return open;
}

function told(change: FileChange): string {
  const { place, before, after } = change;
  if (after === null) return `Deleted ${place.shown}.`;
  if (before === null) return `Created ${place.shown} (${after.length} bytes).`;
  return [`Updated ${place.shown}.`, diffText(change)].filter(Boolean).join('\n');
}
