import { command, commonArgs, type Group } from '../program/command.ts';
import { note, say } from '../program/io.ts';

const dir = {
  dir: { type: 'string', valueHint: 'folder', description: 'Where it lies (default: ~/.local/bin)' },
} as const;

const install = command({
  about: 'Install a `letta` command that runs farhand',
  details:
    'For scripts that were written for the stock program. Nothing that is already there is ever replaced.',
  args: { ...dir, ...commonArgs },
  examples: [['farhand shim install', 'into ~/.local/bin']],
  async run(args, io) {
    const { installShim, shimPath } = await import('../shim/shim.ts');
    const path = shimPath(args.dir, io);
    const installed = await installShim(path);
    if ('code' in installed) return installed;
    say(io, `${path} runs farhand now. farhand shim remove takes it away.`);
    const folders = (io.env.PATH ?? '').split(':');
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (!folders.includes(folder))
      note(io, `${folder} is not in your PATH: add it, or choose another folder with --dir.`);
    return 0;
  },
});

const remove = command({
  about: 'Remove it again',
  args: { ...dir, ...commonArgs },
  examples: [['farhand shim remove', 'from ~/.local/bin']],
  async run(args, io) {
    const { removeShim, shimPath } = await import('../shim/shim.ts');
    const path = shimPath(args.dir, io);
    const removed = await removeShim(path);
    if (removed && 'code' in removed) return removed;
    say(io, removed === null ? `There is none at ${path}.` : `Removed ${path}.`);
    return 0;
  },
});

export const shim: Group = {
  about: 'Install or remove a `letta` command that runs farhand',
  standard: null,
  commands: { install, remove },
  examples: [['farhand shim install --dir ~/bin', 'into a folder of your choice']],
};
