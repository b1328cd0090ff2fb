import { type Command, parse, type Word } from 'unbash';

/** A way to write a command so that a shell does the same; null where it does not fit. */
export type Rewrite = {
  readonly name: string;
  apply(command: string): string | null;
  /** What it prints goes elsewhere. */
  readonly silent?: boolean;
};

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const octal = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
const hexadecimal = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** A command in a place of its own; its text, with whatever here-documents it has, ends with a line. */
const around = (name: string, before: string, after: string, silent = false): Rewrite => ({
  name,
  apply: (command) =>
    after !== '' && /^\w{9}$/.test(after) && command.includes(after) ? null : `${before}${command}\n${after}`,
  silent,
});

const asText = (name: string, write: (quoted: string) => string): Rewrite => ({
  name,
  apply: (command) => write(single(command)),
});

const wholes: readonly Rewrite[] = [
  around('space', '  \t', '\n  '),
  around('a comment', '', '# it is fine'),
  around('a subshell', '( ', ')'),
  around('a group', '{ ', '}'),
  around('if', 'if true; then ', 'fi'),
  around('else', 'if false; then :; else ', 'fi'),
  around('and', 'true && { ', '}'),
  around('or', 'false || { ', '}'),
  around('negation', '! { ', '}'),
  around('for', 'for _once in 1; do ', 'done'),
  around('case', 'case x in x) ', ';; esac'),
  around('while', 'while ', 'do break; done'),
  around('a function', 'rewritten() { ', '}; rewritten'),
  around('background', '{ ', '} & wait'),
  around('time', 'time { ', '}', true),
  around('a pipeline', '{ ', '} | cat'),
  around('no output', '{ ', '} > /dev/null 2>&1', true),
  around('a substitution', 'echo "$( ', ')"'),
  around('in an assignment', 'kept=$( ', ')', true),
  around('in a here-string', 'cat <<< "$( ', ')"'),
  around('process substitution', 'cat <( ', ')'),
  around('a here-document', "bash <<'REWRITTEN'\n", 'REWRITTEN'),
  asText('eval', (quoted) => `eval ${quoted}`),
  asText('eval twice', (quoted) => `eval ${single(`eval ${quoted}`)}`),
  asText('bash -c', (quoted) => `bash -c ${quoted}`),
  asText('sh in bash', (quoted) => `bash -c ${single(`bash -c ${quoted}`)}`),
  asText('a here-string', (quoted) => `bash <<< ${quoted}`),
  asText('a variable of text', (quoted) => `script=${quoted}; eval "$script"`),
  asText('bash -c of a variable', (quoted) => `script=${quoted}; bash -c "$script"`),
];

/** One simple command whose words are all text, so that each can be written in other ways. */
function plainWords(command: string): readonly string[] | null {
  const { commands, errors } = parse(command);
  const [statement] = commands;
  if (errors || commands.length !== 1 || statement?.background || statement?.command.type !== 'Command')
    return null;
  const { name, prefix, suffix }: Command = statement.command;
  const words = [name, ...suffix];
  if (!name || prefix.length > 0 || command.includes('#') || /[\p{Cc}\p{Cf}]/u.test(command)) return null;
  const isPlain = (word: (typeof words)[number]): word is Word =>
    word?.type === 'Word' && !/[*?[\]{}~$`\\!\n]|[<>]\(/.test(word.text) && word.text !== '';
  const values = words.every(isPlain) ? words.map(({ value }) => value) : [''];
  return values.includes('') ? null : values;
}

const builtins = new Set(
  'cd eval exec command builtin set export declare typeset local readonly read unset alias trap source . exit time'.split(
    ' ',
  ),
);
const keywords = new Set('time if for while until case function select coproc { } ! [['.split(' '));

const perWord = (name: string, write: (word: string) => string): Rewrite => ({
  name,
  apply(command) {
    const words = plainWords(command);
    return words && !keywords.has(words[0] ?? '') ? words.map(write).join(' ') : null;
  },
});

const perCommand = (
  name: string,
  write: (words: readonly string[]) => string,
  isProgram = false,
): Rewrite => ({
  name,
  apply(command) {
    const words = plainWords(command);
    const [first = ''] = words ?? [];
    if (!words || keywords.has(first) || (isProgram && (builtins.has(first) || first.includes('='))))
      return null;
    return write(words);
  },
});

const quoted = (words: readonly string[]): string => words.map(single).join(' ');
const half = (word: string): readonly [string, string] => [
  word.slice(0, word.length / 2),
  word.slice(word.length / 2),
];

const inWords: readonly Rewrite[] = [
  perWord('single quotes', single),
  perWord('double quotes', (word) => `"${word.replace(/["\\$`]/g, '\\$&')}"`),
  perWord('backslashes', (word) => word.replace(/./gsu, '\\$&') || "''"),
  perWord('octal', (word) => `$'${octal(word)}'`),
  perWord('hexadecimal', (word) => `$'${hexadecimal(word)}'`),
  perWord('empty quotes', (word) => half(word).map(single).join('""')),
  perWord('both quotes', (word) => half(word).map(single).join("''")),
  perWord(
    'line continuation',
    (word) =>
      half(word)
        .map((part) => (part === '' ? '' : single(part)))
        .join('\\\n') || "''",
  ),
  perWord('braces', (word) => `{${single(word)},}`),
  perCommand('one brace', (words) => (words.length > 1 ? `{${words.map(single).join(',')}}` : quoted(words))),
  perCommand('many spaces', (words) => words.map(single).join(' \\\n \t ')),
  perCommand(
    'variables',
    (words) =>
      `${words.map((word, n) => `v${n}=${single(word)}`).join('; ')}; ${words.map((_, n) => `"$v${n}"`).join(' ')}`,
  ),
  perCommand(
    'braced variables',
    (words) =>
      `${words.map((word, n) => `v${n}=${single(word)}`).join('\n')}\n${words.map((_, n) => `"\${v${n}}"`).join(' ')}`,
  ),
  perCommand('a variable for the name', ([name = '', ...rest]) => `v=${single(name)}; $v ${quoted(rest)}`),
  perCommand(
    'a loop for the name',
    ([name = '', ...rest]) => `for v in ${single(name)}; do "$v" ${quoted(rest)}; done`,
  ),
  perCommand('command', (words) => `command ${quoted(words)}`, true),
  perCommand('env', (words) => `env ${quoted(words)}`, true),
  perCommand('env with a variable', (words) => `env FOO=1 ${quoted(words)}`, true),
  perCommand('exec', (words) => `(exec ${quoted(words)})`, true),
  perCommand('nohup', (words) => `nohup ${quoted(words)}`, true),
  perCommand('timeout', (words) => `timeout 9 ${quoted(words)}`, true),
  perCommand('nice', (words) => `nice -n 1 ${quoted(words)}`, true),
  perCommand('xargs', (words) => `xargs -a /dev/null ${quoted(words)}`, true),
  perCommand('an assignment before it', (words) => `FOO=1 ${quoted(words)}`),
  perCommand('a redirection before it', (words) => `</dev/null ${quoted(words)}`),
  perCommand('eval of words', (words) => `eval ${single(quoted(words))}`),
];

export const rewrites: readonly Rewrite[] = [...wholes, ...inWords];
