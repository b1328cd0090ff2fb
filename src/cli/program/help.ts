import type { ArgDef, ArgsDef } from 'citty';
import type { Command, Example, Group } from './command.ts';
import { exitCodes } from './outcome.ts';
import { aliasesOf } from './read-args.ts';
import type { Entries } from './route.ts';
import type { Style } from './style.ts';

type Row = readonly [left: string, right: string];

/** What `farhand --help` says. */
export function mainHelp(entries: Entries, examples: readonly Example[], style: Style): string {
  const rows = Object.entries(entries).map(
    ([name, { about, aliases = [] }]): Row => [[name, ...aliases].join(', '), about],
  );
  return page(style, [
    `${style.bold('farhand')} runs long-lived coding agents on your own machine`,
    section(style, 'Usage', [
      'farhand                      talk with an agent in this folder',
      'farhand -p "<prompt>"        one turn, then end',
      'farhand <command> [flags]    farhand <command> --help says more',
    ]),
    section(style, 'Commands', columns(rows)),
    section(
      style,
      'Flags',
      columns([
        ['-h, --help', 'Show this help'],
        ['-v, --version', 'Print the version'],
      ]),
    ),
    section(style, 'Environment', columns(environment)),
    ...examplesOf(examples, style),
  ]);
}

const environment: readonly Row[] = [
  ['FARHAND_MODEL', 'provider/model, such as lmstudio/qwen3-8b, where farhand models use has chosen none'],
  ['FARHAND_DISCOVER', '0: do not look for Ollama or LM Studio on this machine'],
  ['FARHAND_KEYS', 'file: keep keys in the home, and not in the keyring of the system'],
  ['FARHAND_HOME', 'where everything is kept; default ~/.farhand'],
  ['FARHAND_URL', 'a broker through which another machine is reached, as with --url'],
  [
    'FARHAND_TOKEN',
    'its token; else LETTA_API_KEY, else the saved one, which wins over a token of the other kind',
  ],
  ['OPENAI_API_KEY …', 'keys of model providers, and addresses in …_BASE_URL: farhand connect --list'],
  ['NO_COLOR', 'no colours'],
];

export function groupHelp(name: string, group: Group, style: Style): string {
  const rows = Object.entries(group.commands).map(([sub, { about, args }]): Row => {
    const standard = sub === group.standard ? ' (without a name, too)' : '';
    return [[sub, ...words(args)].join(' '), `${about}${standard}`];
  });
  return page(style, [
    `${style.bold(`farhand ${name}`)} — ${group.about}`,
    section(style, 'Usage', [
      `farhand ${name} ${group.standard === null ? '<command>' : '[command]'} [flags]`,
    ]),
    section(style, 'Commands', columns(rows)),
    ...examplesOf(group.examples, style),
  ]);
}

export function commandHelp(name: string, { about, details, args, examples }: Command, style: Style): string {
  const places = Object.entries(args).filter(([, arg]) => arg.type === 'positional');
  const flags = Object.entries(args).filter(([, arg]) => arg.type !== 'positional');
  return page(style, [
    `${style.bold(`farhand ${name}`)} — ${about}`,
    ...(details === undefined ? [] : [details]),
    section(style, 'Usage', [[`farhand ${name}`, ...words(args), '[flags]'].join(' ')]),
    ...(places.length === 0 ? [] : [section(style, 'Arguments', columns(places.map(row)))]),
    section(style, 'Flags', columns(flags.map(row))),
    ...examplesOf(examples, style),
  ]);
}

const page = (style: Style, parts: readonly string[]): string =>
  [...parts, `${style.dim(`Exit codes: ${exitCodes}`)}`].join('\n\n');

const section = (style: Style, title: string, lines: readonly string[]): string =>
  [style.bold(title), ...lines.map((line) => `  ${line}`)].join('\n');

function examplesOf(examples: readonly Example[], style: Style): readonly string[] {
  if (examples.length === 0) return [];
  const lines = examples.flatMap(([line, what]) => [style.dim(`# ${what}`), line]);
  return [section(style, 'Examples', lines)];
}

function words(args: ArgsDef): string[] {
  return Object.entries(args)
    .filter(([, { type }]) => type === 'positional')
    .map(([name, { required }]) => (required === false ? `[${name}]` : `<${name}>`));
}

function row([name, arg]: [string, ArgDef]): Row {
  const right = `${arg.description ?? ''}${arg.default === undefined ? '' : ` (default: ${arg.default})`}`;
  if (arg.type === 'positional') return [name, right];
  const aliases = aliasesOf(arg);
  const short = aliases.filter((alias) => alias.length === 1).map((alias) => `-${alias}, `);
  const long = aliases.filter((alias) => alias.length > 1).map((alias) => `, --${alias}`);
  return [`${short.join('')}--${name}${long.join('')}${valueText(arg)}`, right];
}

function valueText(arg: ArgDef): string {
  if (arg.type === 'enum') return ` ${arg.options?.join('|')}`;
  return arg.type === 'string' ? ` <${arg.valueHint ?? 'text'}>` : '';
}

const widest = 34;

/** Two columns; a left part that is wider than its column gets a line of its own. */
export function columns(rows: readonly Row[]): string[] {
  const width = Math.min(widest, Math.max(...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) =>
    left.length > width
      ? [left, `${' '.repeat(width)}  ${right}`]
      : [`${left.padEnd(width)}  ${right}`.trimEnd()],
  );
}
