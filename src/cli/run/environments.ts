import { chooseEnvironment, type Environment, environmentsAt } from '../../client/environments.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, type Misuse, misuse, type Outcome } from '../program/outcome.ts';
import type { Style } from '../program/style.ts';
import { fieldsOf, numberOf, textOf } from '../show/fields.ts';
import { oneLine, sentence } from '../show/printable.ts';
import { type Reach, type ReachFlags, readReach, tokenHint } from '../talk/reach.ts';

type Flags = ReachFlags & { readonly json?: boolean | undefined };

const localBroker = 'http://127.0.0.1:8283';

export async function list(
  flags: Flags & { readonly online?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const all = await everyOne(flags, io);
  if ('code' in all) return all;
  const shown = all
    .filter(({ online }) => online || flags.online !== true)
    .toSorted((a, b) => Number(b.online) - Number(a.online));
  if (flags.json) sayJson(io, { connections: shown.map(({ told }) => told) });
  else if (shown.length === 0)
    say(io, 'No machine is there. Bring one in with farhand remote --url <broker>.');
  else for (const one of shown) say(io, lineOf(one, outStyle(io)));
  return 0;
}

export async function show(flags: Flags & { readonly environment: string }, io: Io): Promise<Outcome> {
  const { environment: asked, ...rest } = flags;
  const all = await everyOne(rest, io);
  if ('code' in all) return all;
  const chosen = chooseEnvironment(all, asked);
  if ('code' in chosen) return chosen;
  if (flags.json) sayJson(io, chosen.told);
  else for (const line of linesOf(chosen, outStyle(io))) say(io, line);
  return 0;
}

async function everyOne(flags: Flags, io: Io): Promise<readonly Environment[] | Failure | Misuse> {
  const broker = brokerOf(flags, io);
  if (isProblem(broker)) return broker;
  const found = await environmentsAt(broker);
  if (!('code' in found)) return found;
  const advice = found.code === 'unreachable' ? 'Is farhand serve running there?' : tokenHint;
  return failure(found.code, `${sentence(found.message)} ${advice}`);
}

function brokerOf(flags: Flags, io: Io): Reach | Failure | Misuse {
  const url = flags.url || io.env.FARHAND_URL || localBroker;
  const reach = readReach({ ...flags, url }, io.env);
  if (reach && (isProblem(reach) || reach.kind === 'broker')) return reach;
  return misuse('Only a broker has environments: give its http(s):// URL with --url.');
}

function lineOf(
  { told, online, connectionName, deviceId }: Environment,
  { bold, dim, green }: Style,
): string {
  const metadata = fieldsOf(told.metadata);
  const where = [textOf(metadata.workingDirectory), textOf(metadata.gitBranch)].filter(
    (part) => part !== undefined,
  );
  const state = online ? green('online ') : dim('offline');
  const rest = [deviceId, textOf(told.currentMode), where.join(' @ ')].filter((part) => part);
  const name = bold(oneLine(connectionName, 40));
  return `${state}  ${name}  ${dim(oneLine(rest.join('  '), 160))}`;
}

function linesOf({ told }: Environment, style: Style): readonly string[] {
  const { metadata, ...rest } = told;
  const { supported_commands: _, ...more } = fieldsOf(metadata);
  return Object.entries({ ...rest, ...more }).map(
    ([name, value]) => `${style.bold(name.padEnd(20))}  ${oneLine(shown(name, value), 160)}`,
  );
}

function shown(name: string, value: unknown): string {
  const at = numberOf(value);
  if (at !== undefined && /(At|Heartbeat)$/.test(name)) return new Date(at).toISOString();
  return textOf(value) ?? JSON.stringify(value);
}
