import { command, commonArgs } from '../program/command.ts';
import { say } from '../program/io.ts';
import { misuse } from '../program/outcome.ts';

export const completions = command({
  about: 'Print a completion script for bash, zsh or fish',
  args: {
    shell: { type: 'positional', required: true, description: 'bash, zsh or fish' },
    ...commonArgs,
  },
  examples: [
    ['echo \'eval "$(farhand completions bash)"\' >> ~/.bashrc', 'bash, from the next shell on'],
    ['farhand completions fish > ~/.config/fish/completions/farhand.fish', 'fish'],
  ],
  async run({ shell: asked }, io) {
    const { completionScript, shells } = await import('../completions/scripts.ts');
    const shell = shells.find((one) => one === asked);
    if (!shell) return misuse(`There are completions for ${shells.join(', ')}, not for "${asked}".`);
    const { placesOf } = await import('../completions/words.ts');
    const { entries } = await import('./index.ts');
    say(io, completionScript(shell, await placesOf(entries)));
    return 0;
  },
});
