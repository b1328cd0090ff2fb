import type { Place, Word } from './words.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that completes `farhand` in that shell; it asks nothing of the program at run time. */
export function completionScript(shell: Shell, places: readonly Place[]): string {
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return zsh(places);
    case 'fish':
      return fish(places);
  }
}

/** The commands named so far are the words of the line that are among these. */
const paths = (places: readonly Place[]): readonly string[] =>
  places.map(({ after }) => after).filter((after) => after !== '');

/** Cases of a shell's `case`: what follows where. */
function cases(places: readonly Place[], line: (place: Place) => string): string {
  return places.map((place) => `    '${place.after}') ${line(place)} ;;`).join('\n');
}

const valueCases = (places: readonly Place[], use: (words: string) => string): string =>
  places
    .flatMap(({ after, values, open }) => [
      ...values.map(
        ({ flag, values: words }) => `    '${after} ${flag}') ${use(words.join(' '))}; return ;;`,
      ),
      ...open.map((flag) => `    '${after} ${flag}') ${use('')}; return ;;`),
    ])
    .join('\n');

const plainWords = (words: readonly Word[]): string => words.map(({ word }) => word).join(' ');

/** Sets \`path\` to the commands on the line before the word being completed. */
const findPath = (places: readonly Place[], words: string): string => `  local path='' word
  for word in ${words}; do
    case "\${path:+$path }$word" in
${paths(places)
  .map((path) => `      '${path}') path='${path}' ;;`)
  .join('\n')}
    esac
  done`;

function bash(places: readonly Place[]): string {
  return `# farhand completion for bash: eval "$(farhand completions bash)"
_farhand() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
${findPath(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  case "$path $previous" in
${valueCases(places, (words) => (words === '' ? 'COMPREPLY=($(compgen -f -- "$current"))' : `COMPREPLY=($(compgen -W '${words}' -- "$current"))`))}
  esac
  case "$path" in
${cases(places, ({ words }) => `COMPREPLY=($(compgen -W '${plainWords(words)}' -- "$current"))`)}
  esac
}
complete -F _farhand farhand`;
}

function zsh(places: readonly Place[]): string {
  const described = (words: readonly Word[]) =>
    words
      .map(({ word, about }) => `'${word}:${about.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`)
      .join(' ');
  return `#compdef farhand
# farhand completion for zsh: eval "$(farhand completions zsh)"
_farhand() {
  local -a found
${findPath(places, `"\${(@)words[2,CURRENT-1]}"`)}
  case "$path \${words[CURRENT-1]}" in
${valueCases(places, (words) => (words === '' ? '_files' : `compadd -- ${words}`))}
  esac
  case "$path" in
${cases(places, ({ words }) => `found=(${described(words)})`)}
  esac
  _describe farhand found
}
compdef _farhand farhand`;
}

function fish(places: readonly Place[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = places.flatMap(({ after, words, values, open }) => {
    const when = `-n ${quoted(`test (__farhand_path) = ${quoted(after)}`)}`;
    return [
      ...words
        .filter(({ word }) => !word.startsWith('-'))
        .map(({ word, about }) => `complete -c farhand -f ${when} -a ${word} -d ${quoted(about)}`),
      ...words
        .filter(({ word }) => word.startsWith('--'))
        .map(({ word, about }) => {
          const list = values.find(({ flag }) => flag === word)?.values;
          const value = list ? ` -x -a ${quoted(list.join(' '))}` : open.includes(word) ? ' -r' : ' -f';
          return `complete -c farhand ${when} -l ${word.slice(2)}${value} -d ${quoted(about)}`;
        }),
    ];
  });
  return `# farhand completion for fish: farhand completions fish | source
function __farhand_path
    set -l path ''
    for word in (commandline -opc)[2..-1]
        switch (string trim -- "$path $word")
            case ${paths(places).map(quoted).join(' ')}
                set path (string trim -- "$path $word")
        end
    end
    echo -n $path
end
complete -c farhand -f
${lines.join('\n')}`;
}
