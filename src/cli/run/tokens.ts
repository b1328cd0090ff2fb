import { openTokens } from '../../broker/store/sqlite-tokens.ts';
import type { TokenKind, TokenRecord, TokenRequest, Tokens } from '../../broker/store/tokens.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { isPrivilege, type Privilege, privileges } from '../../protocol/privileges.ts';
import { StoreError } from '../../sqlite/store-error.ts';
import { homePaths } from '../home/paths.ts';
import { type Io, note, outStyle, say, sayJson } from '../program/io.ts';
import { type Misuse, misuse, type Outcome } from '../program/outcome.ts';
import { oneLine, printable } from '../show/printable.ts';

type CreateArgs = {
  readonly kind: string;
  readonly name: string;
  readonly privileges?: string | undefined;
  readonly device?: string | undefined;
  readonly agent?: string | undefined;
  readonly expires?: string | undefined;
  readonly json?: boolean | undefined;
};

export function create(args: CreateArgs, io: Io): Outcome {
  const now = Date.now();
  const request = readRequest(args, now);
  if ('code' in request) return request;
  return withTokens(io, (tokens) => {
    const { record, token } = tokens.create(request, now);
    if (args.json) sayJson(io, { token, ...record });
    else {
      say(io, token);
      note(
        io,
        `This is ${record.kind} token ${record.id} ("${printable(record.name)}"). It is shown this once: keep it now.`,
      );
    }
    return 0;
  });
}

export const list = ({ json }: { readonly json?: boolean | undefined }, io: Io): Outcome =>
  withTokens(io, (tokens) => {
    const records = tokens.list();
    if (json) sayJson(io, { tokens: records });
    else if (records.length === 0) say(io, 'There is no token yet: the first farhand serve makes two.');
    else for (const record of records) say(io, lineOf(record, Date.now(), io));
    return 0;
  });

export const revoke = (
  { id, json }: { readonly id: string; readonly json?: boolean | undefined },
  io: Io,
): Outcome =>
  withTokens(io, (tokens) => {
    if (!tokens.revoke(id, Date.now()))
      return failure('not_found', `There is no token "${id}". See farhand tokens list.`);
    if (json) sayJson(io, { revoked: id });
    else say(io, `Revoked ${printable(id)}. What it has opened is closed within a second.`);
    return 0;
  });

/** The tokens of the local home, which a broker that runs there looks at every second. */
function withTokens(io: Io, work: (tokens: Tokens) => Outcome): Outcome {
  const paths = homePaths(io.env);
  if ('code' in paths) return paths;
  try {
    const tokens = openTokens(paths.home);
    try {
      return work(tokens);
    } finally {
      tokens.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return failure(error.code, error.message);
    throw error;
  }
}

function readRequest(args: CreateArgs, now: number): TokenRequest | Misuse | Failure {
  const kind: TokenKind = args.kind === 'device' ? 'device' : 'client';
  const name = args.name.trim();
  if (name === '' || name.length > 100 || /\p{C}/u.test(name))
    return misuse('--name must have 1 to 100 characters and no line breaks.');
  const lasts = args.expires === undefined ? null : millisecondsOf(args.expires);
  if (args.expires !== undefined && lasts === null)
    return misuse(`--expires cannot be "${args.expires}". Write a number with m, h or d: 30d.`);
  const granted = kind === 'client' ? readPrivileges(args.privileges) : [];
  if ('code' in granted) return granted;
  const devices = listOf(args.device);
  if (kind === 'device') {
    if (args.privileges !== undefined || args.agent !== undefined)
      return misuse(
        'A device token has neither privileges nor agents: it registers a device, and that is all.',
      );
    if (devices && devices.length > 1)
      return misuse('A device token registers one device: give one --device.');
  }
  const expiresAt = lasts === null ? null : now + lasts;
  return { kind, name, privileges: granted, devices, agents: listOf(args.agent), expiresAt };
}

const forClients: readonly Privilege[] = privileges.filter((one) => one !== 'device.register');

function readPrivileges(given: string | undefined): readonly Privilege[] | Misuse {
  const names = listOf(given);
  if (names === null) return forClients;
  const unknown = names.find((one) => !isPrivilege(one) || !forClients.includes(one));
  if (unknown !== undefined)
    return misuse(`There is no privilege "${unknown}" for a client. There are: ${forClients.join(', ')}.`);
  return names.filter(isPrivilege);
}

function listOf(given: string | undefined): readonly string[] | null {
  const items =
    given
      ?.split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '') ?? [];
  return items.length > 0 ? [...new Set(items)] : null;
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(text: string): number | null {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text.trim()) ?? [];
  const ms = Number(count) * (units[unit] ?? 0);
  return ms > 0 ? ms : null;
}

function lineOf(record: TokenRecord, now: number, io: Io): string {
  const { bold, dim, red } = outStyle(io);
  const { id, kind, name, devices, agents } = record;
  const bounds = [
    kind === 'client' &&
      (record.privileges.length === forClients.length ? 'everything' : record.privileges.join(',')),
    devices && `devices ${devices.join(',')}`,
    agents && `agents ${agents.join(',')}`,
    `since ${dayOf(record.createdAt)}`,
  ].filter((part) => part !== false && part !== null);
  return `${bold(id)}  ${kind.padEnd(6)}  ${oneLine(name, 40)}  ${dim(oneLine(bounds.join(', '), 200))}  ${endOf(record, now, red, dim)}`.trimEnd();
}

type Paint = (text: string) => string;

function endOf({ revokedAt, expiresAt }: TokenRecord, now: number, red: Paint, dim: Paint): string {
  if (revokedAt !== null) return red(`revoked ${dayOf(revokedAt)}`);
  if (expiresAt === null) return '';
  return expiresAt <= now ? red(`expired ${dayOf(expiresAt)}`) : dim(`until ${dayOf(expiresAt)}`);
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
