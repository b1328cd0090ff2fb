import type { Reach } from '../../../../core/permission.ts';
import { has, type Options, options, parseOptions, reachOfOptions } from '../options.ts';
import { reachOf, reachOfTree } from '../paths.ts';
import { beginning, type Field, plainField, textOf } from '../pieces.ts';
import { type Shell, worse } from '../shell.ts';
import { scriptOnlyReads } from './sed.ts';

/** What the words are that are no options. */
type Operands =
  /** Files and folders that are read. */
  | 'paths'
  /** The first is text, unless an option gave it; the others are read. */
  | 'text, paths'
  /** At most one is read; a second would be written. */
  | 'one path'
  /** The same, `-` or a number before it. */
  | 'text';

type Reader = {
  readonly options: Options;
  readonly operands: Operands;
  /** Options that stand for the text. */
  readonly textOptions?: readonly string[];
  /** Options with which it reads all that lies in a folder; `all`: it always does. */
  readonly goesDown?: readonly string[] | 'all';
  /** No word does harm as an option, so words that are not known may be any. */
  readonly free?: boolean;
  /** What a known text does; left out: nothing. */
  readonly text?: (text: string | null) => Reach;
};

const reader = (operands: Operands, known: string, more: Partial<Reader> = {}): Reader => ({
  options: options(known),
  operands,
  ...more,
});

const grep = reader(
  'text, paths',
  '-EFGPivywxcLlqsnHhobzaIUrT -e: -f< -m: -A: -B: -C: -d: -D: -R! -# --extended-regexp --fixed-strings --basic-regexp --perl-regexp --ignore-case ' +
    '--no-ignore-case --invert-match --word-regexp --line-regexp --count --color? --colour? --files-without-match --files-with-matches --max-count: ' +
    '--only-matching --quiet --silent --no-messages --byte-offset --with-filename --no-filename --label: --line-number --initial-tab --null --after-context: ' +
    '--before-context: --context: --text --binary-files: --exclude: --exclude-from< --exclude-dir: --include: --recursive --dereference-recursive! ' +
    '--line-buffered --null-data --regexp: --file< --binary --devices: --directories:',
  {
    textOptions: ['-e', '-f', '--regexp', '--file'],
    goesDown: ['-r', '-d', '--recursive', '--directories'],
  },
);

const checksum = reader(
  'paths',
  '-btcwz --binary --text --tag --zero --check --ignore-missing --quiet --status --strict --warn -a: --algorithm:',
);

/** jq can show the environment, and read programs from folders of its own. */
const jqText = (text: string | null): Reach => {
  if (text === null || /\b(import|include)\b/.test(text)) return 'execute';
  return /\benv\b|\$ENV|\$__prog|input_filename|get_search_list/.test(text) ? 'read-outside' : 'read-inside';
};

const sedText = (text: string | null): Reach =>
  text !== null && scriptOnlyReads(text) ? 'read-inside' : 'execute';

/** [PERM-4] Programs that only read, with those of their options that do so too. */
export const readers: ReadonlyMap<string, Reader> = new Map(
  Object.entries({
    basename: reader('text', '-az -s: --multiple --suffix: --zero', { free: true }),
    cat: reader(
      'paths',
      '-AbeEnstTuv --show-all --number-nonblank --show-ends --number --squeeze-blank --show-tabs --show-nonprinting',
      { free: true },
    ),
    cksum: checksum,
    cmp: reader('paths', '-bls -i: -n: --print-bytes --ignore-initial: --verbose --bytes: --quiet --silent'),
    column: reader(
      'paths',
      '-tenx -s: -c: -o: -N: -R: -H: -J --table --separator: --output-separator: --columns: --fillrows',
    ),
    comm: reader(
      'paths',
      '-123iz --check-order --nocheck-order --output-delimiter: --total --zero-terminated',
    ),
    cut: reader(
      'paths',
      '-nsz -b: -c: -d: -f: --bytes: --characters: --delimiter: --fields: --complement --only-delimited --output-delimiter: --zero-terminated',
    ),
    date: reader(
      'text',
      '-uR -d: -I? -f< -r< --date: --utc --universal --rfc-email --iso-8601? --rfc-3339: --file< --reference<',
    ),
    df: reader(
      'paths',
      '-ahHiklPT -B: -t: -x: --all --human-readable --si --inodes --local --portability --print-type --total --type: --exclude-type: --output?',
    ),
    diff: reader(
      'paths',
      '-qsceuytdipabBEZwrNTa -C: -U: -W: -I: -x: -F: -X< -# --brief --report-identical-files --context? --unified? --ed --normal --rcs --side-by-side --width: ' +
        '--left-column --suppress-common-lines --show-c-function --show-function-line: --label: -L: --expand-tabs --recursive --no-dereference --new-file ' +
        '--unidirectional-new-file --ignore-file-name-case --exclude: --exclude-from< --ignore-case --ignore-tab-expansion --ignore-trailing-space ' +
        '--ignore-space-change --ignore-all-space --ignore-blank-lines --ignore-matching-lines: --text --strip-trailing-cr --minimal --speed-large-files --color?',
      { goesDown: ['-r', '--recursive'] },
    ),
    dirname: reader('text', '-z --zero', { free: true }),
    du: reader(
      'paths',
      '-0abchklmsSxH -d: -B: -t: -L! --null --all --apparent-size --bytes --total --max-depth: --human-readable --summarize --one-file-system --exclude: --time? --si --dereference!',
    ),
    echo: reader('text', '-neE', { free: true }),
    egrep: grep,
    expand: reader('paths', '-i -t: --initial --tabs:'),
    expr: reader('text', '', { free: true }),
    false: reader('text', '', { free: true }),
    fgrep: grep,
    file: reader(
      'paths',
      '-bchikLNnrsv0 -F: -e: --brief --mime --mime-type --mime-encoding --no-pad --separator: --dereference --no-dereference',
    ),
    fmt: reader('paths', '-cstu -w: -g: -p: --width: --goal: --prefix: --split-only --uniform-spacing'),
    fold: reader('paths', '-bs -w: -# --bytes --spaces --width:'),
    grep,
    head: reader('paths', '-qvz -n: -c: -# --lines: --bytes: --quiet --silent --verbose --zero-terminated', {
      free: true,
    }),
    hexdump: reader('paths', '-bcCdovx -n: -s: -e: -f<'),
    join: reader(
      'paths',
      '-iz -a: -e: -1: -2: -j: -o: -t: -v: --check-order --nocheck-order --header --ignore-case',
    ),
    jq: reader(
      'text, paths',
      '-nrjaSsceRCM -f< --null-input --raw-output --join-output --ascii-output --sort-keys --slurp --compact-output --exit-status --raw-input ' +
        '--color-output --monochrome-output --tab --indent: --unbuffered --stream --seq --raw-output0 --from-file<',
      { textOptions: ['-f', '--from-file'], text: jqText },
    ),
    ls: reader(
      'paths',
      '-aAbBcCdDfFgGhHiklLmnNopqQrRsStuUvxXZ1 -I: -T: -w: --all --almost-all --author --escape --block-size: --ignore-backups --color? --directory --classify? ' +
        '--file-type --format: --full-time --no-group --human-readable --si --dereference-command-line --hide: --indicator-style: --inode --ignore: --kibibytes ' +
        '--dereference --numeric-uid-gid --literal --quote-name --quoting-style: --reverse --recursive --size --sort: --time: --time-style: --tabsize: --width: ' +
        '--group-directories-first --hyperlink? --zero',
      { free: true },
    ),
    md5sum: checksum,
    nl: reader(
      'paths',
      '-p -b: -d: -f: -h: -i: -l: -n: -s: -v: -w: --body-numbering: --number-format: --number-separator: --number-width: --starting-line-number:',
    ),
    od: reader(
      'paths',
      '-abcdfilosvx -A: -j: -N: -S: -t: -w? --address-radix: --skip-bytes: --read-bytes: --strings? --format: --output-duplicates --width?',
    ),
    paste: reader('paths', '-sz -d: --delimiters: --serial --zero-terminated'),
    pwd: reader('text', '-LP', { free: true }),
    readlink: reader(
      'paths',
      '-femnqsvz --canonicalize --canonicalize-existing --canonicalize-missing --no-newline --quiet --silent --verbose --zero',
    ),
    realpath: reader(
      'paths',
      '-emLPqsz --canonicalize-existing --canonicalize-missing --logical --physical --quiet --strip --no-symlinks --zero --relative-to: --relative-base:',
    ),
    rev: reader('paths', ''),
    rg: reader(
      'text, paths',
      '-cFiIlnNoPpqsSUuvwxHa0h. -A: -B: -C: -e: -f< -g: -j: -m: -M: -r: -t: -T: -E: -d: -L! --after-context: --before-context: --context: --regexp: --file< ' +
        '--glob: --iglob: --type: --type-not: --type-list --files --files-with-matches --files-without-match --count --count-matches --fixed-strings --ignore-case ' +
        '--case-sensitive --smart-case --line-number --no-line-number --only-matching --multiline --multiline-dotall --pcre2 --pretty --quiet --replace: --sort: --sortr: ' +
        '--hidden --no-ignore --no-ignore-vcs --no-ignore-parent --unrestricted --invert-match --word-regexp --line-regexp --with-filename --no-filename --max-count: ' +
        '--max-columns: --max-depth: --max-filesize: --threads: --color: --colors: --column --heading --no-heading --json --null --null-data --passthru --stats --trim ' +
        '--text --vimgrep --no-messages --no-config --encoding: --crlf --block-buffered --line-buffered --context-separator: --engine: --one-file-system --follow! ' +
        '--ignore-file< --debug --version',
      { textOptions: ['-e', '-f', '--regexp', '--file', '--files', '--type-list'], goesDown: 'all' },
    ),
    sed: reader(
      'text, paths',
      '-nErsuz -e: -l: --quiet --silent --regexp-extended --separate --unbuffered --null-data --expression: --line-length: --posix --debug --sandbox',
      { textOptions: ['-e', '--expression'], text: sedText },
    ),
    seq: reader('text', '-w -f: -s: --equal-width --format: --separator:', { free: true }),
    sha1sum: checksum,
    sha224sum: checksum,
    sha256sum: checksum,
    sha384sum: checksum,
    sha512sum: checksum,
    shasum: checksum,
    sleep: reader('text', '', { free: true }),
    sort: reader(
      'paths',
      '-bcCdfghiMmnRrsuVz -k: -t: -S: --ignore-leading-blanks --dictionary-order --ignore-case --general-numeric-sort --ignore-nonprinting --month-sort ' +
        '--human-numeric-sort --numeric-sort --random-sort --reverse --sort: --version-sort --check? --key: --merge --stable --buffer-size: --field-separator: ' +
        '--unique --zero-terminated --parallel: --batch-size: --debug',
    ),
    stat: reader('paths', '-fLtnqrsxFl -c: --dereference --file-system --format: --printf: --terse', {
      free: true,
    }),
    sum: reader('paths', '-rs --sysv'),
    tac: reader('paths', '-br -s: --before --regex --separator:'),
    tail: reader(
      'paths',
      '-fFqvrz -n: -c: -s: -# --lines: --bytes: --follow? --retry --pid: --quiet --silent --verbose --sleep-interval: --zero-terminated',
      { free: true },
    ),
    tr: reader('text', '-cCdst --complement --delete --squeeze-repeats --truncate-set1', { free: true }),
    tree: reader(
      'paths',
      '-adfilxpsughDFqNQrtcvUnCAS -L: -P: -I: -l! -J -X --dirsfirst --prune --noreport --gitignore --filelimit: --charset: --matchdirs --ignore-case --du --si --sort:',
    ),
    true: reader('text', '', { free: true }),
    tsort: reader('paths', ''),
    unexpand: reader('paths', '-a -t: --all --first-only --tabs:'),
    type: reader('text', '-afptP', { free: true }),
    uniq: reader(
      'one path',
      '-cdDiuz -f: -s: -w: --count --repeated --all-repeated? --skip-fields: --group? --ignore-case --skip-chars: --unique --zero-terminated --check-chars:',
    ),
    wc: reader('paths', '-clLmw --bytes --chars --lines --max-line-length --words --total:'),
    which: reader('text', '-as --all'),
    xxd: reader('one path', '-abeiuCE -c: -g: -l: -n: -o: -s:'),
    ':': reader('text', '', { free: true }),
  }),
);

export function reachOfReader(program: Reader, words: readonly Field[], shell: Shell): Reach {
  const parsed = parseOptions(words, program.options);
  const isText = program.operands === 'text';
  const { free = false } = program;
  let reach = reachOfOptions(
    { ...parsed, clear: parsed.clear || (free && isText), vague: parsed.vague && !free },
    shell,
  );
  const worsen = (other: Reach) => {
    reach = worse(reach, other);
  };
  let { operands } = parsed;
  if (isText) {
    // What is not a format sets the clock.
    const isDate = program === readers.get('date');
    return isDate && !operands.every((word) => beginning(word).startsWith('+')) ? 'execute' : reach;
  }
  if (program.operands === 'text, paths') {
    const isGiven = has(parsed, ...(program.textOptions ?? []));
    const texts = isGiven ? parsed.given.filter(({ option }) => program.textOptions?.includes(option)) : [];
    const isFile = (option: string) => /^-(f|-.*file)$/.test(option);
    for (const { option, value } of texts)
      if (program.text) worsen(isFile(option) ? 'read-outside' : program.text(value && textOf(value)));
    const [first, ...others] = operands;
    if (!isGiven && first) {
      worsen(program.text?.(textOf(first)) ?? (first.splits ? 'execute' : 'read-inside'));
      operands = others;
    }
  }
  if (program.operands === 'one path' && operands.length > 1) return 'execute';
  for (const word of operands) worsen(reachOf('read', word, shell));
  const { goesDown = [] } = program;
  if (goesDown === 'all' || has(parsed, ...goesDown))
    for (const word of operands.length > 0 ? operands : [plainField('.')]) worsen(reachOfTree(word, shell));
  return reach;
}
