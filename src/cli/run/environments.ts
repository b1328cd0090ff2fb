import { refusalCode } from '../../client/environments.ts';
import { asks } from '../../client/http.ts';
import { systemClock } from '../../link/clock.ts';
import type { DialFailure } from '../../link/dial-failure.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, type Misuse, misuse, type Outcome } from '../program/outcome.ts';
import type { Style } from '../program/style.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../show/fields.ts';
import { oneLine } from '../show/printable.ts';
import { type Reach, type ReachFlags, readReach, tokenHint } from '../talk/reach.ts';

type Flags = ReachFlags & { readonly json?: boolean | undefined };

const localBroker = 'http://127.0.0.1:8283';
const pageSize = 1_000;

export async function list(
  flags: Flags & { readonly online?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const connections = await everyOne(flags, flags.online === true, io);
  if ('code' in connections) return connections;
  const sorted = connections.toSorted((a, b) => Number(isOnline(b)) - Number(isOnline(a)));
  if (flags.json) sayJson(io, { connections: sorted });
  else if (sorted.length === 0)
    say(io, 'No machine is there. Bring one in with farhand remote --url <broker>.');
  else for (const one of sorted) say(io, lineOf(one, outStyle(io)));
  return 0;
}

export async function show(flags: Flags & { readonly environment: string }, io: Io): Promise<Outcome> {
  const { environment: asked, ...rest } = flags;
  const connections = await everyOne(rest, false, io);
  if ('code' in connections) return connections;
  const chosen = choose(connections, asked);
  if (isProblem(chosen)) return chosen;
  if (flags.json) sayJson(io, chosen);
  else for (const line of linesOf(chosen, outStyle(io))) say(io, line);
  return 0;
}

async function everyOne(
  flags: Flags,
  online: boolean,
  io: Io,
): Promise<readonly Fields[] | Failure | Misuse> {
  const broker = brokerOf(flags, io);
  if (isProblem(broker)) return broker;
  const ask = asks(broker.url, broker.token, systemClock, globalThis.fetch);
  const found: Fields[] = [];
  for (let after = ''; ; ) {
    const page = await ask('GET', `/v1/environments?limit=${pageSize}&onlineOnly=${online}${after}`);
    if ('kind' in page) return refused(page);
    found.push(...listOf(page.body.connections).map(fieldsOf));
    const last = textOf(found.at(-1)?.id);
    if (page.body.hasNextPage !== true || last === undefined) return found;
    after = `&after=${encodeURIComponent(last)}`;
  }
}

function brokerOf(flags: Flags, io: Io): Reach | Failure | Misuse {
  const url = flags.url || io.env.FARHAND_URL || localBroker;
  const reach = readReach({ ...flags, url }, io.env);
  if (reach && (isProblem(reach) || reach.kind === 'broker')) return reach;
  return misuse('Only a broker has environments: give its http(s):// URL with --url.');
}

function refused(failed: DialFailure): Failure {
  const code = refusalCode(failed);
  return code
    ? failure(code, `${failed.message}. ${tokenHint}`)
    : failure('unreachable', `${failed.message}. Is farhand serve running there?`);
}

/** By an id, else by its name where only one has it. */
function choose(all: readonly Fields[], asked: string): Fields | Failure | Misuse {
  const byId = all.filter(({ id, deviceId, connectionId }) => [id, deviceId, connectionId].includes(asked));
  const found = byId.length > 0 ? byId : all.filter(({ connectionName }) => connectionName === asked);
  const online = found.filter(isOnline);
  const [one, another] = online.length > 0 ? online : found;
  if (one && another)
    return misuse(
      `"${asked}" may be ${found.map(({ id }) => textOf(id)).join(' or ')}. Give one of these ids.`,
    );
  return (
    one ?? failure('environment_not_found', `There is no machine "${asked}" there. See farhand environments.`)
  );
}

const isOnline = ({ connectionId }: Fields): boolean => textOf(connectionId) !== undefined;

function lineOf(one: Fields, { bold, dim, green }: Style): string {
  const metadata = fieldsOf(one.metadata);
  const where = [textOf(metadata.workingDirectory), textOf(metadata.gitBranch)].filter(
    (part) => part !== undefined,
  );
  const state = isOnline(one) ? green('online ') : dim('offline');
  const rest = [textOf(one.deviceId), textOf(one.currentMode), where.join(' @ ')].filter((part) => part);
  const name = bold(oneLine(textOf(one.connectionName) ?? '', 40));
  return `${state}  ${name}  ${dim(oneLine(rest.join('  '), 160))}`;
}

function linesOf(one: Fields, style: Style): readonly string[] {
  const { metadata, ...rest } = one;
  const { supported_commands: _, ...told } = fieldsOf(metadata);
  return Object.entries({ ...rest, ...told }).map(
    ([name, value]) => `${style.bold(name.padEnd(20))}  ${oneLine(shown(name, value), 160)}`,
  );
}

function shown(name: string, value: unknown): string {
  const at = numberOf(value);
  if (at !== undefined && /(At|Heartbeat)$/.test(name)) return new Date(at).toISOString();
  return textOf(value) ?? JSON.stringify(value);
}
