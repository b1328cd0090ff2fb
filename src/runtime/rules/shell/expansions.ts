import type { ParameterExpansionPart, ParameterOperation, ParsedScript, Word } from 'unbash';
import { arithmetic } from './arithmetic.ts';
import type { Expansion } from './atoms.ts';
import { anything, isNumeric, literal, type Piece, someName, someNumber } from './pieces.ts';
import { deed, fork, type Shell } from './shell.ts';
import { assign, unknownValue } from './state.ts';
import { wordOf } from './words.ts';

/** What an expansion gives; `splits`: any number of words, also in quotes. */
export type Expanded = { readonly pieces: readonly Piece[]; readonly splits: boolean };

const whole = (pieces: readonly Piece[]): Expanded => ({ pieces, splits: false });
const nothingKnown = whole([anything]);
const manyWords: Expanded = { pieces: [anything], splits: true };

/** Judges what an expansion runs, and tells what it gives. */
export function expand(part: Expansion, shell: Shell): Expanded {
  switch (part.type) {
    case 'SimpleExpansion':
      return lookUp(part.text.slice(1), shell);
    case 'ParameterExpansion':
      return expandParameter(part, shell);
    case 'ArithmeticExpansion':
      return whole([part.expression ? arithmetic(part.expression, shell) : someNumber]);
    case 'CommandExpansion':
      substitute(part, shell);
      return nothingKnown;
    case 'ProcessSubstitution':
      substitute(part, shell);
      // A pipe, which is neither a file nor an option.
      return whole(['/dev/fd/63']);
  }
}

export function substitute(
  part: { readonly script: ParsedScript | undefined; readonly text: string },
  shell: Shell,
): void {
  // The parser reads it when it is asked for it, and not before.
  shell.run.spendText(part.text.length);
  const { script } = part;
  if (!script) return deed(shell, 'execute', part.text);
  shell.run.walk(script, fork(shell, { source: script.source ?? shell.source, left: [] }));
}

const counted = new Set([
  '?',
  '#',
  '$',
  '!',
  'RANDOM',
  'SECONDS',
  'LINENO',
  'UID',
  'EUID',
  'PPID',
  'BASHPID',
]);

/** The value of a variable as far as the script tells. What comes from the environment is a look outside. */
export function lookUp(name: string, shell: Shell): Expanded {
  const { situation } = shell.run;
  const { state } = shell;
  // The shell itself sets it, after each command.
  if (name === '_') return nothingKnown;
  const assigned = state.variables.get(name);
  if (assigned) return whole(assigned);
  if (name === '@' || name === '*') return manyWords;
  if (/^\d+$/.test(name)) return nothingKnown;
  if (name === '-') return whole([someName]);
  if (state.lost) return nothingKnown;
  if (counted.has(name)) return whole([someNumber]);
  if (name === 'HOME') return whole([situation.home]);
  if (name === 'FARHAND_HOME') return whole([situation.farhandHome]);
  if (name === 'PWD') return whole([state.cwd?.length === 1 ? (state.cwd[0] ?? anything) : anything]);
  if (name === 'REPLY') return nothingKnown;
  deed(shell, 'read-outside', `$${name} of the environment`);
  return nothingKnown;
}

function expandParameter(part: ParameterExpansionPart, shell: Shell): Expanded {
  // The parser reads what stands in it when it is asked for it.
  shell.run.spendText(part.text.length);
  const { parameter, prefix, index, operation } = part;
  const subscript = index && literal(wordOf(index, shell).pieces);
  const isList = subscript === '@' || subscript === '*';
  // Subscripts are arithmetic, which evaluates what variables hold (PERM-4); so are names that are looked up by name.
  if ((index && !isList && !/^\d+$/.test(subscript ?? '')) || prefix === '!')
    deed(shell, 'execute', part.text);
  const own = prefix === '!' ? nothingKnown : lookUp(parameter, shell);
  if (prefix === '#' && !operation) return whole([someNumber]);
  const listed = index ? (isList ? manyWords : nothingKnown) : own;
  return operation ? operate(part, listed, operation, shell) : listed;
}

const harmlessTransforms = new Set(['Q', 'U', 'u', 'L', 'E']);

function operate(
  part: ParameterExpansionPart,
  own: Expanded,
  operation: ParameterOperation,
  shell: Shell,
): Expanded {
  const unsure = own.splits ? manyWords : nothingKnown;
  const execute = () => deed(shell, 'execute', part.text);
  switch (operation.type) {
    case 'Default': {
      const operand = wordOf(operation.operand, shell);
      const text = literal(own.pieces);
      const isAssigning = operation.operator.endsWith('=');
      if (isAssigning && isSensitive(part.parameter)) execute();
      if (isAssigning) shell.state = assign(shell.state, part.parameter, unknownValue);
      if (text === null || text === '') return unsure;
      return operation.operator.endsWith('+') ? { ...own, pieces: operand.pieces } : own;
    }
    case 'Remove':
      wordOf(operation.operand, shell);
      return unsure;
    case 'Replace':
      wordOf(operation.pattern, shell);
      wordOf(operation.replacement, shell);
      return unsure;
    case 'Slice':
      for (const word of [operation.offset, operation.length]) if (word && !isNumber(word, shell)) execute();
      return unsure;
    case 'CaseModification':
      if (operation.operand) wordOf(operation.operand, shell);
      return unsure;
    case 'Transform': {
      const how = literal(wordOf(operation.operand, shell).pieces);
      if (how === null || !harmlessTransforms.has(how)) execute();
      return unsure;
    }
    default:
      execute();
      return unsure;
  }
}

const isNumber = (word: Word, shell: Shell): boolean => {
  const { pieces } = wordOf(word, shell);
  return isNumeric(pieces) || /^\s*-?\d+$/.test(literal(pieces) ?? '');
};

/** Names that change which programs run, how they run, or what the shell itself does, and those whose value it evaluates; by name or by family. */
const sensitive =
  /^(PATH|ENV|IFS|HOME|PWD|OLDPWD|SHELL|TERM|EDITOR|VISUAL|BROWSER|PAGER|GLOBIGNORE|PROMPT_COMMAND|PS\d|FPATH|CDPATH|MAGIC|POSIXLY_CORRECT|TIMEFORMAT|TMOUT|MAIL|MAILPATH|MAILCHECK|FIGNORE|EXECIGNORE|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|TMPDIR|TMP|TEMP|COMP_\w+|OPTIND|OPTARG|OPTERR|DIRSTACK|FUNCNEST|HIST\w+|S?RANDOM|SECONDS|LINENO|EPOCH\w+|PIPESTATUS|GROUPS|FUNCNAME|MAPFILE|COPROC|SHELLOPTS|\w*PATH|\w*(PAGER|EDITOR|ASKPASS|PRELOAD|PROXY|_proxy|OPTIONS|OPTS|OPT|FLAGS|CONFIG|COMMAND|_CMD|WRAPPER|HOOKS?|STARTUP|AGENT_SOCK)|(LD|DYLD|GIT|BASH|PYTHON|PERL|PERL5|RUBY|NODE|NPM|npm|pnpm|PNPM|YARN|BUN|DENO|JAVA|_JAVA|JDK|GRADLE|MAVEN|MVN|CARGO|RUSTC?|GO|GCC|CC|CXX|CMAKE|MAKE|LESS|MAN|XDG|SSH|SUDO|GCONV|LOC|NLS|MALLOC|GLIBC|GREP|RIPGREP|TAR|ZIP|UNZIP|RSYNC|CURL|WGET|DOCKER|KUBE|AWS|FARHAND|LETTA|CLAUDE|COREPACK|BASH_FUNC|PIP|UV|VIRTUAL|CONDA|TERMINFO|TERMCAP|JQ|TREE|READLINE|INPUTRC|GDB|LUA|PHP|R|DOTNET|COMPlus|CORECLR|ELECTRON)_\w*|PYTHON\w*|PERL\w*|RUBY\w*|LESS\w*|MAN(OPT|SECT|LESS|WIDTH)|BASH\w*|LD\w*|GIT\w*|CC|CXX|AR|RUSTC|MAKEFLAGS|GREP_OPTIONS|R_\w*)$/;

/** Assigning to it is `execute`. Upper and lower case differ. */
export const isSensitive = (name: string): boolean => !/^[A-Za-z_]\w*$/.test(name) || sensitive.test(name);
