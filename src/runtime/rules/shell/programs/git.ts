import { dirname, join } from 'node:path';
import type { Reach } from '../../../../core/permission.ts';
import { has, type Options, options, parseOptions } from '../options.ts';
import { absolutes, reachOf, reachOfTree } from '../paths.ts';
import { type Field, isUnknown, plainField, textOf } from '../pieces.ts';
import { type Shell, worse } from '../shell.ts';
import type { ShellPlace } from '../situation.ts';

const diffs =
  '-pusRabwzM?C?BWDr -U: -S: -G: -O< -l: -# --patch --no-patch --raw --stat? --numstat --shortstat --dirstat? --summary --name-only --name-status --color? --no-color ' +
  '--word-diff? --word-diff-regex: --color-words? --minimal --patience --histogram --diff-algorithm: --unified: --find-renames? --find-copies? --no-renames --diff-filter: ' +
  '--pickaxe-all --pickaxe-regex --ignore-all-space --ignore-space-change --ignore-space-at-eol --ignore-blank-lines --ignore-cr-at-eol --inter-hunk-context: --function-context ' +
  '--exit-code --quiet --no-ext-diff --no-textconv --relative? --full-index --binary --abbrev? --check --cached --staged --merge-base --no-index --ignore-submodules? --submodule? ' +
  '--src-prefix: --dst-prefix: --no-prefix --compact-summary --no-color-moved --color-moved? --find-object: --skip-to: --rotate-to: --text --cc --combined-all-paths -c -m --exit-code';
const logs =
  `${diffs} -nigEFPLt -n: -L: -q --max-count: --skip: --since: --after: --until: --before: --author: --committer: --grep: --all-match --invert-grep --regexp-ignore-case --basic-regexp ` +
  '--extended-regexp --fixed-strings --perl-regexp --merges --no-merges --first-parent --all --branches? --tags? --remotes? --glob: --exclude: --reflog --not --oneline --format: --pretty? ' +
  '--abbrev-commit --no-abbrev-commit --graph --decorate? --no-decorate --decorate-refs: --follow --full-diff --reverse --date: --relative-date --date-order --author-date-order --topo-order ' +
  '--show-signature --left-right --cherry --cherry-pick --cherry-mark --left-only --right-only --source --full-history --simplify-merges --simplify-by-decoration --ancestry-path? --boundary ' +
  '--no-walk? --walk-reflogs --notes? --no-notes --expand-tabs? --no-expand-tabs --children --parents --min-parents: --max-parents: --count --stdin --objects --use-mailmap --mailmap';

type Command = {
  readonly options: Options;
  /** It changes something when given more than options. */
  readonly bare?: boolean;
  /** Options with which its words only select. */
  readonly selecting?: readonly string[];
  /** The words that may stand first. */
  readonly words?: readonly string[];
};

const command = (known: string, more: Omit<Command, 'options'> = {}): Command => ({
  options: options(known),
  ...more,
});

/** [PERM-4] What only reads, in a repository whose settings are trusted. */
const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    blame: command(
      '-bcefklnpstwMC -L: -S< --abbrev: --show-stats --show-name --show-number --show-email --porcelain --line-porcelain --date: --since: --first-parent --root --color-lines --color-by-age --ignore-rev: --ignore-revs-file<',
    ),
    branch: command(
      '-alrvqi --all --remotes --list --verbose --show-current --no-color --color? --column? --no-column --sort: --format: --contains? --no-contains? --merged? --no-merged? --points-at: --ignore-case --abbrev? --no-abbrev',
      {
        bare: true,
        selecting: ['-l', '--list', '--contains', '--no-contains', '--merged', '--no-merged', '--points-at'],
      },
    ),
    'cat-file': command('-pte --batch --batch-check --batch-all-objects --allow-unknown-type --unordered'),
    'check-ignore': command('-qvnz --quiet --verbose --non-matching --no-index --stdin'),
    'count-objects': command('-vH --verbose --human-readable'),
    describe: command(
      '--tags --all --long --always --abbrev? --match: --exclude: --dirty? --broken? --contains --debug --exact-match --first-parent --candidates:',
    ),
    diff: command(diffs),
    'diff-index': command(diffs),
    'diff-tree': command(`${diffs} --root --stdin --no-commit-id`),
    'for-each-ref': command(
      '--format: --sort: --count: --contains? --merged? --no-merged? --points-at: --shell --perl --python --tcl --ignore-case',
    ),
    grep: command(
      '-EFGPIivwlLchHnqazroWp -A: -B: -C: -e: -f< -m: -# --cached --untracked --no-index --no-exclude-standard --exclude-standard --recurse-submodules --text --ignore-case --word-regexp ' +
        '--invert-match --full-name --extended-regexp --basic-regexp --perl-regexp --fixed-strings --line-number --column --files-with-matches --name-only --files-without-match --only-matching --count ' +
        '--color? --no-color --break --heading --show-function --context: --after-context: --before-context: --function-context --threads: --max-depth: --and --or --not --all-match --quiet --max-count:',
    ),
    log: command(logs),
    'ls-files': command(
      '-cdmoikstuvfz -x: -X< --cached --deleted --modified --others --ignored --stage --unmerged --killed --directory --no-empty-directory --exclude: --exclude-from< --exclude-per-directory: --exclude-standard --error-unmatch --full-name --recurse-submodules --abbrev? --eol --deduplicate --format:',
    ),
    'ls-tree': command(
      '-drtlz --long --name-only --name-status --object-only --full-name --full-tree --abbrev? --format:',
    ),
    'merge-base': command('-a --all --octopus --independent --is-ancestor --fork-point'),
    'name-rev': command('--tags --refs: --all --name-only --always'),
    reflog: command(logs, { words: ['show'] }),
    remote: command('-v --verbose', { words: ['get-url'] }),
    'rev-list': command(logs),
    'rev-parse': command(
      '-q --show-toplevel --show-cdup --show-prefix --git-dir --absolute-git-dir --git-common-dir --is-inside-work-tree --is-inside-git-dir --is-bare-repository --abbrev-ref? --short? --verify --quiet --symbolic --symbolic-full-name --all --branches? --tags? --remotes? --since: --until: --show-superproject-working-tree --show-object-format? --show-ref-format --not --revs-only --no-revs --flags --no-flags --default:',
    ),
    shortlog: command(`${logs} -e --summary --numbered --email --group:`),
    show: command(logs),
    'show-ref': command(
      '-qsd --head --heads --tags --branches --dereference --hash? --verify --abbrev? --quiet --exists',
    ),
    stash: command(`${logs} --include-untracked --only-untracked`, { words: ['list', 'show'] }),
    status: command(
      '-sbvuz --short --branch --porcelain? --long --verbose --untracked-files? --ignored? --ignore-submodules? --column? --no-column --ahead-behind --no-ahead-behind --renames --no-renames --show-stash',
    ),
    tag: command(
      '-l -n? -i --list --sort: --format: --contains? --no-contains? --merged? --no-merged? --points-at: --column? --no-column --color? --ignore-case',
      {
        bare: true,
        selecting: [
          '-l',
          '--list',
          '-n',
          '--contains',
          '--no-contains',
          '--merged',
          '--no-merged',
          '--points-at',
        ],
      },
    ),
    version: command('--build-options'),
    whatchanged: command(logs),
  }),
);

/** git's own options, before its command. */
const ownOptions = options(
  '-C: -c: --git-dir: --work-tree: --namespace: --exec-path? --config-env: --super-prefix: --attr-source: -P --no-pager --no-optional-locks --literal-pathspecs --glob-pathspecs --noglob-pathspecs --icase-pathspecs --no-replace-objects --bare -p --paginate --no-lazy-fetch --no-advice --version --help --html-path --man-path --info-path',
);
const harmless = new Set([
  '-C',
  '-P',
  '--no-pager',
  '--no-optional-locks',
  '--literal-pathspecs',
  '--glob-pathspecs',
  '--noglob-pathspecs',
  '--icase-pathspecs',
  '--no-replace-objects',
  '--no-lazy-fetch',
  '--no-advice',
]);

export type GitCall = {
  /** The sub-command; null where it cannot be known. */
  readonly name: string | null;
  readonly words: readonly Field[];
  /** `-c` settings as they are written; null for one that cannot be known. */
  readonly settings: readonly (string | null)[];
  readonly reach: Reach;
};

export function readGit(words: readonly Field[], shell: Shell): GitCall {
  const parsed = parseOptions(words, ownOptions, true);
  const settings = parsed.given
    .filter(({ option }) => option === '-c')
    .map(({ value }) => value && textOf(value));
  const [sub, ...rest] = words.slice(parsed.taken);
  const name = sub ? textOf(sub) : '';
  const isPlain = parsed.clear && !parsed.vague && parsed.given.every(({ option }) => harmless.has(option));
  const folders = parsed.given.filter(({ option }) => option === '-C').map(({ value }) => value);
  const isHere = isInside('.', shell) && folders.every((folder) => folder && isInside(textOf(folder), shell));
  const isKnown = name !== null && isPlain && isHere && shell.run.situation.trusted && sub;
  const reach = isKnown ? reachOfCommand(name, rest, shell) : 'execute';
  return { name, words: rest, settings, reach };
}

/** The settings of another repository may run programs. */
function isInside(path: string | null, shell: Shell): boolean {
  const paths = path === null ? null : absolutes(path, shell);
  return paths?.every((each) => isOurs(shell.run.situation.place(each), shell)) ?? false;
}

/** Below the working directory, and in no repository within it. */
function isOurs(place: ShellPlace | null, shell: Shell): boolean {
  const { cwd, place: look } = shell.run.situation;
  const root = look(cwd)?.real;
  if (!place?.inside || root === undefined) return false;
  const isThere = (path: string) => look(path)?.kind !== 'missing';
  // What was changed before may make a repository of a folder that is none yet.
  if (shell.run.touched && !isThere(join(place.real, '.git'))) return false;
  for (let folder = place.real; folder.length > root.length; folder = dirname(folder))
    if (['.git', 'HEAD'].some((name) => isThere(join(folder, name)))) return false;
  return true;
}

function reachOfCommand(name: string, words: readonly Field[], shell: Shell): Reach {
  const known = commands.get(name);
  if (!known) return 'execute';
  const parsed = parseOptions(words, known.options);
  if (!parsed.clear || parsed.vague) return 'execute';
  const [first] = parsed.operands;
  if (known.words && first && !known.words.includes(textOf(first) ?? '')) return 'execute';
  // `git stash` alone puts changes away.
  if (name === 'stash' && !first) return 'execute';
  if (known.bare && first && !has(parsed, ...(known.selecting ?? []))) return 'execute';
  const files = parsed.given.filter(({ kind }) => kind === '<').flatMap(({ value }) => value ?? []);
  // Files that are none of the repository's are read too.
  const isWide = has(parsed, '--no-index', '--untracked');
  const all = isWide ? [plainField('.'), ...parsed.operands].map((word) => reachOfTree(word, shell)) : [];
  // Whatever names a path elsewhere is compared or searched without a repository.
  return [...parsed.operands, ...files].reduce<Reach>(
    (reach, word) => worse(reach, isUnknown(word) ? 'execute' : reachOf('read', word, shell, false)),
    all.reduce<Reach>(worse, 'read-inside'),
  );
}
