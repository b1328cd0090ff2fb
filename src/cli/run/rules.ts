import { homedir } from 'node:os';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Origin, type Placed, parseRule, type RuleKind, ruleKinds } from '../../runtime/rules/rule.ts';
import { type Around, collectRules, type RuleSet } from '../../runtime/rules/rule-set.ts';
import { withoutRule, withRule } from '../../runtime/rules/rules.ts';
import { withTrust } from '../../runtime/rules/trust.ts';
import { type SettingsFile, settingsFile } from '../../runtime/settings/settings-file.ts';
import { homePaths } from '../home/paths.ts';
import { refusedInsideTool } from '../program/inside-tool.ts';
import { type Io, note, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import { oneLine, printable } from '../show/printable.ts';

type Json = { readonly json?: boolean | undefined };
export type Ground = Around & { readonly settings: SettingsFile; readonly scratch: string };

/** Where the rules are kept that hold for this user. */
export function groundOf({ env }: Io): Ground | Failure {
  const paths = homePaths(env);
  if (isProblem(paths)) return paths;
  const { home: farhand, scratch } = paths;
  return { farhand, scratch, home: env.HOME ?? homedir(), settings: settingsFile(farhand) };
}

export async function list({ json }: Json, io: Io): Promise<Outcome> {
  const ground = groundOf(io);
  if (isProblem(ground)) return ground;
  const set = collectRules(ground, io.cwd);
  if (json) sayJson(io, asJson(set));
  else showRules(set, io);
  return 0;
}

export async function add(
  { kind, rule, everywhere, json }: Json & { kind: string; rule: string; everywhere?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const ground = changeable(io);
  if (isProblem(ground)) return ground;
  const known = ruleKinds.find((one) => one === kind);
  if (!known) return misuse(`A rule is there to allow, ask or deny, not to "${kind}".`);
  const read = parseRule(rule);
  if ('problem' in read) return misuse(read.problem);
  const project = everywhere ? null : collectRules(ground, io.cwd).project;
  const failed = change(ground, (settings) => withRule(settings, known, read.text, project));
  if (failed) return failed;
  const where = project ?? 'everywhere';
  if (json) sayJson(io, { kind: known, rule: read.text, where: project });
  else say(io, `Added: ${known} ${printable(read.text)}, ${project ? `for ${printable(where)}` : where}.`);
  return 0;
}

export async function remove({ rule, json }: Json & { rule: string }, io: Io): Promise<Outcome> {
  const ground = changeable(io);
  if (isProblem(ground)) return ground;
  const text = rule.trim();
  const set = collectRules(ground, io.cwd);
  if (set.broken !== null) return unusable(set.broken);
  const found = set.rules.filter((one) => one.text === text);
  const yours = found.flatMap(({ from }) => (from.yours ? [from.where] : []));
  if (yours.length === 0) return failure('not_found', notYours(text, found));
  const failed = change(ground, (settings) =>
    yours.reduce((changed, where) => withoutRule(changed, text, where), settings),
  );
  if (failed) return failed;
  if (json) sayJson(io, { removed: text, from: yours });
  else say(io, `Removed: ${printable(text)}.`);
  return 0;
}

export async function trust(
  { show, yes, json }: Json & { show?: boolean | undefined; yes?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const ground = show ? groundOf(io) : changeable(io);
  if (isProblem(ground)) return ground;
  const set = collectRules(ground, io.cwd);
  if (set.broken !== null) return unusable(set.broken);
  const open = set.files.filter(({ trusted }) => !trusted);
  const told = { folders: open.map(({ folder }) => folder), allow: set.idle.map(ruleJson) };
  if (!json) showIdle(set, open.length, io);
  if (show || open.length === 0) {
    if (json) sayJson(io, { ...told, trusted: open.length === 0 });
    return 0;
  }
  if (!yes && !(io.in.isTTY && io.out.isTTY && !json))
    return misuse('Trusting rules that came with a project is yours to decide. Add --yes if you mean it.');
  if (!yes && !(await confirmed('Let these rules allow what they say?'))) return 1;
  const failed = change(ground, (settings) => withTrust(settings, open));
  if (failed) return failed;
  if (json) sayJson(io, { ...told, trusted: true });
  else say(io, `Trusted until a file changes: ${told.folders.map(printable).join(', ')}.`);
  return 0;
}

function changeable(io: Io): Ground | Failure {
  return refusedInsideTool(io, 'Changing rules') ?? groundOf(io);
}

function change({ settings }: Ground, how: Parameters<SettingsFile['change']>[0]): Failure | null {
  try {
    settings.change(how);
    return null;
  } catch (error) {
    return unusable(error instanceof Error ? error.message : String(error));
  }
}

const unusable = (why: string): Failure =>
  failure('home_unwritable', `Your settings cannot be changed: ${why}`);

function notYours(text: string, found: readonly Placed[]): string {
  const [theirs] = found;
  return theirs
    ? `It came with the project, in ${theirs.from.where}: change it there.`
    : `No rule of yours here reads ${JSON.stringify(text)}. See farhand rules ls.`;
}

const colours: Readonly<Record<RuleKind, 'red' | 'yellow' | 'green'>> = {
  deny: 'red',
  ask: 'yellow',
  allow: 'green',
};

function showRules(set: RuleSet, io: Io): void {
  const style = outStyle(io);
  if (set.broken !== null) note(io, style.red(`Your own rules do not count: ${printable(set.broken)}`));
  const sorted = ruleKinds.flatMap((kind) => set.rules.filter((rule) => rule.kind === kind));
  const width = Math.max(0, ...sorted.map(({ text }) => Math.min(oneLine(text, 80).length, 40)));
  if (sorted.length === 0) say(io, 'No rules hold here beside those of the permission mode.');
  for (const { kind, text, from } of sorted) {
    const left = `${style[colours[kind]](kind.padEnd(5))}  ${oneLine(text, 80).padEnd(width)}`;
    say(io, `${left}  ${style.dim(printable(whose(from)))}`);
  }
  if (set.ceiling !== null) say(io, `No mode freer than ${set.ceiling} may be chosen on this device.`);
  const { length } = set.idle;
  if (length > 0) {
    const more =
      length === 1
        ? 'One rule of the project would allow more and does'
        : `${length} rules of the project would allow more and do`;
    say(io, style.yellow(`${more} not count: farhand rules trust --show`));
  }
  for (const warning of set.warnings) note(io, style.yellow(printable(warning)));
}

function whose({ yours, where }: Origin): string {
  if (!yours) return where;
  return where === null ? 'yours, everywhere' : `yours, for ${where}`;
}

function showIdle({ idle, files, warnings }: RuleSet, open: number, io: Io): void {
  const style = outStyle(io);
  if (files.length === 0) say(io, 'This project has no rules of its own.');
  else if (open === 0) say(io, 'You trust the rules of this project as they are now.');
  else if (idle.length === 0) say(io, "The project's own rules allow nothing more.");
  else say(io, "Trusting the project's own rules would allow:");
  for (const { text, from } of idle)
    say(io, `  ${style.bold(oneLine(text, 120))}  ${style.dim(printable(from.where ?? ''))}`);
  for (const warning of warnings) note(io, style.yellow(printable(warning)));
}

const ruleJson = ({ kind, text, from }: Placed) => ({ kind, rule: text, ...from });

const asJson = ({ rules, idle, files, project, ceiling, broken, warnings }: RuleSet) => ({
  project,
  ceiling,
  broken,
  rules: rules.map(ruleJson),
  untrusted: idle.map(ruleJson),
  files: files.map(({ folder, trusted }) => ({ folder, trusted })),
  warnings,
});

async function confirmed(question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: false });
  return !isCancel(answer) && answer;
}
