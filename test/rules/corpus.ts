import { chaining } from './corpus-chaining.ts';
import { edits } from './corpus-edits.ts';
import { forbidden } from './corpus-forbidden.ts';
import { git } from './corpus-git.ts';
import { grave } from './corpus-grave.ts';
import { odd } from './corpus-odd.ts';
import { programs } from './corpus-programs.ts';
import { quoting } from './corpus-quoting.ts';
import { readers } from './corpus-readers.ts';
import { redirections } from './corpus-redirections.ts';
import { substitution } from './corpus-substitution.ts';
import { variables } from './corpus-variables.ts';
import { wrappers } from './corpus-wrappers.ts';

/** The reaches a shell command can have. The worst deed of a command decides. */
export const reaches = [
  'read-inside',
  'read-outside',
  'edit-inside',
  'edit-outside',
  'execute',
  'grave',
  'forbidden',
] as const;
export type Reach = (typeof reaches)[number];

/** The four modes, and plan, which lies on top of one of them: the worse of the two verdicts holds. */
export const columns = ['strict', 'standard', 'acceptEdits', 'unrestricted', 'plan'] as const;
export type Column = (typeof columns)[number];
export type Verdict = 'allow' | 'ask' | 'deny';

/** The verdict on a command of each reach where nobody wrote rules; `plan` is that column alone. */
export const expected: Record<Reach, Record<Column, Verdict>> = {
  'read-inside': verdicts('ask', 'allow', 'allow', 'allow', 'allow'),
  'read-outside': verdicts('ask', 'ask', 'ask', 'allow', 'allow'),
  'edit-inside': verdicts('ask', 'ask', 'allow', 'allow', 'deny'),
  'edit-outside': verdicts('ask', 'ask', 'ask', 'allow', 'deny'),
  execute: verdicts('ask', 'ask', 'ask', 'allow', 'deny'),
  grave: verdicts('ask', 'ask', 'ask', 'ask', 'deny'),
  forbidden: verdicts('deny', 'deny', 'deny', 'deny', 'deny'),
};

function verdicts(
  strict: Verdict,
  standard: Verdict,
  acceptEdits: Verdict,
  unrestricted: Verdict,
  plan: Verdict,
): Record<Column, Verdict> {
  return { strict, standard, acceptEdits, unrestricted, plan };
}

/** Every syntactic class a row can name. What a quoted script contains is not named, only that there is one. */
export const operators = [
  'simple', // one simple command and nothing around it
  'pipeline',
  'and-or',
  'sequence',
  'background',
  'newline',
  'negation',
  'subshell',
  'group', // also the body of a function
  'function',
  'if',
  'for', // also select
  'while', // also until
  'case',
  'command-substitution',
  'backquote',
  'process-substitution',
  'here-doc',
  'here-string',
  'redirect-out',
  'redirect-append',
  'redirect-in',
  'redirect-fd',
  'assignment', // also by export and its like
  'parameter',
  'arithmetic',
  'test-expression',
  'brace',
  'glob',
  'tilde',
  'ansi-c',
  'quote',
  'escape',
  'wrapper', // a command that runs another, and `time`
  'env',
  'xargs',
  'find-exec',
  'shell-in-shell',
  'eval',
  'alias',
  'coproc',
  'comment',
  'interpreter',
  'git-option', // an option of git that may choose what it reads, writes or runs
  'array',
  'trap',
  'unparsable',
  'unicode', // beyond ASCII, and control characters
] as const;
export type Operator = (typeof operators)[number];

/** `why`: one clause where it is not obvious; `source`: where the bypass is publicly described. */
export type Notes = { why?: string; source?: string };

/** A command, every syntactic class in it, and notes. */
export type Entry = readonly [command: string, operators: readonly Operator[], notes?: Notes];
export type Theme = Partial<Record<Reach, readonly Entry[]>>;

export type Row = { command: string; reach: Reach; operators: readonly Operator[]; theme: string } & Notes;

/**
 * Where the commands are judged: a trusted workspace, no rules of anybody. `links` lead where they say, relative
 * to their own folder; of all else below `cwd` only `folders` are known to exist. Only HOME and PWD are known of
 * the environment.
 */
export const situation = {
  cwd: '/work/project',
  home: '/home/dev',
  user: 'dev',
  farhandHome: '/home/dev/.farhand',
  trusted: true,
  links: { '/work/project/out': '/etc', '/work/project/up': '..', '/work/project/in': 'src' },
  folders: ['src', 'docs', 'test', 'build', 'node_modules', '.git', '.farhand'].map(
    (name) => `/work/project/${name}`,
  ),
} as const;

export const themes: Record<string, Theme> = {
  readers,
  chaining,
  substitution,
  redirections,
  wrappers,
  git,
  programs,
  quoting,
  variables,
  edits,
  grave,
  forbidden,
  odd,
};

/** Every row of every theme. */
export const corpus: readonly Row[] = Object.entries(themes).flatMap(([theme, entries]) =>
  reaches.flatMap((reach) =>
    (entries[reach] ?? []).map(([command, classes, notes]) => ({
      command,
      reach,
      operators: classes,
      theme,
      ...notes,
    })),
  ),
);
