import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';

const common = { ...jsonArg, ...commonArgs } as const;
const everywhere = { type: 'boolean', description: 'In every folder, not only in this project' } as const;
const ruleArg = {
  type: 'positional',
  required: true,
  description: "A tool, or a tool with a pattern: Edit, 'Bash(npm run:*)', 'Edit(src/**)'",
} as const;
const runs = () => import('../run/rules.ts');

const ls = command({
  about: 'List the rules that hold in this folder, and whose they are',
  args: common,
  examples: [['farhand rules ls --json', 'for scripts']],
  run: async (args, io) => (await runs()).list(args, io),
});

const add = command({
  about: 'Add a rule for this project',
  details:
    'A rule to deny goes before one to ask, that before one to allow. Bash(npm test) is that very command, Bash(npm run:*) goes on\n' +
    'as it likes, Edit and Read take paths (src/**, ~/notes/**, /etc/hosts), WebFetch takes domain:example.com with all below it.\n' +
    'No rule allows what nobody could undo.',
  args: {
    kind: { type: 'positional', required: true, description: 'allow, ask or deny' },
    rule: ruleArg,
    everywhere,
    ...common,
  },
  examples: [
    ['farhand rules add allow "Bash(npm run:*)"', 'the scripts of this project'],
    ['farhand rules add deny "Read(~/.ssh/**)" --everywhere', 'in every folder'],
  ],
  run: async (args, io) => (await runs()).add(args, io),
});

const rm = command({
  about: 'Remove a rule of yours that holds in this folder',
  args: { rule: ruleArg, ...common },
  examples: [['farhand rules rm "Bash(npm run:*)"', 'as farhand rules ls shows it']],
  run: async (args, io) => (await runs()).remove(args, io),
});

const explain = command({
  about: 'Show what would be decided about a call, and why',
  args: {
    tool: { type: 'positional', required: true, description: 'Its name, as Bash' },
    input: {
      type: 'positional',
      required: true,
      description: 'A command, a path or an address; or the whole input as JSON',
    },
    ...common,
  },
  examples: [
    ['farhand rules explain Bash "git push --force"', 'in every mode'],
    ['farhand rules explain Write package.json', 'a path'],
  ],
  run: async (args, io) => (await import('../run/explain-rules.ts')).explain(args, io),
});

const trust = command({
  about: "Let the project's own rules allow as well, as its files are now",
  details:
    'Rules that came with a project only deny and ask until you trust them; when a file changes, you are asked anew.',
  args: {
    show: { type: 'boolean', description: 'Only show what would be allowed' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    ...common,
  },
  examples: [['farhand rules trust --show', 'before you decide']],
  run: async (args, io) => (await runs()).trust(args, io),
});

export const rules: Group = {
  about: 'See and change what agents may do without asking',
  standard: 'ls',
  commands: { ls, add, rm, explain, trust },
  examples: [['farhand rules', 'those of this folder']],
};
