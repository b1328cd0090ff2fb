import type { Context } from 'hono';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Privilege } from '../../protocol/privileges.ts';
import { type Denial, isDenial } from '../access/access.ts';
import type { Environment, Listing } from '../store/registry.ts';
import type { TokenRecord } from '../store/tokens.ts';
import { type App, type Desk, type Here, refusal } from './desk.ts';

/** Which devices there are. */
export function environmentRoutes(app: App, desk: Desk): void {
  app.get('/v1/environments', (c) => {
    const token = clientOf(c, desk, 'observe');
    if (isDenial(token)) return refusal(c, token);
    const listing = readListing(c);
    if ('code' in listing) return refusal(c, listing);
    const { environments, hasNextPage } = list(desk, token, listing);
    return c.json({ connections: environments.map(asJson), hasNextPage });
  });

  app.get('/v1/environments/:selector', (c) => {
    const token = clientOf(c, desk, 'observe');
    if (isDenial(token)) return refusal(c, token);
    const environment = reachable(desk.registry, token, c.req.param('selector'));
    return environment ? c.json(asJson(environment)) : refusal(c, notFound);
  });
}

/** The client's token, which must carry that privilege. */
export function clientOf(
  c: Here,
  { access }: Pick<Desk, 'access'>,
  privilege: Privilege,
): TokenRecord | Denial {
  const { knock } = c.var;
  const token = access.token(knock, 'client');
  if (isDenial(token) || token.privileges.includes(privilege)) return token;
  return access.refuse(
    knock,
    'privilege',
    failure('forbidden', `This token has not the privilege "${privilege}".`),
  );
}

/** [SEC-12] Of a device that the token does not reach nothing is said, not even that it is there. */
export function reachable(
  registry: Desk['registry'],
  token: TokenRecord,
  selector: string,
): Environment | null {
  const found = registry.find(selector);
  return found && reaches(token, found) ? found : null;
}

const reaches = ({ devices }: TokenRecord, { deviceId }: Environment): boolean =>
  devices === null || devices.includes(deviceId);

export const notFound = failure(
  'environment_not_found',
  'There is no such environment for this token. See GET /v1/environments for those there are.',
);

function list(
  { registry }: Desk,
  { devices }: TokenRecord,
  listing: Listing,
): ReturnType<Desk['registry']['list']> {
  if (devices === null) return registry.list(listing);
  // A token names few devices, so theirs are one page.
  const wanted = devices.filter(
    (deviceId) => listing.deviceId === undefined || listing.deviceId === deviceId,
  );
  const environments = wanted.flatMap((deviceId) => registry.list({ ...listing, deviceId }).environments);
  return { environments, hasNextPage: false };
}

const maxLimit = 1_000;

function readListing(c: Context): Listing | Failure {
  const { onlineOnly, limit, after, deviceId } = c.req.query();
  const invalid = (what: string): Failure => failure('input_invalid', `The query is not valid: ${what}.`);
  if (onlineOnly !== undefined && !/^(true|false|1|0)$/.test(onlineOnly))
    return invalid('onlineOnly must be true or false');
  const most = limit === undefined ? 100 : Number(limit);
  if (!Number.isInteger(most) || most < 1 || most > maxLimit)
    return invalid(`limit must be a whole number from 1 to ${maxLimit}`);
  return {
    limit: most,
    onlineOnly: onlineOnly === 'true' || onlineOnly === '1',
    ...(after !== undefined && { after }),
    ...(deviceId !== undefined && { deviceId }),
  };
}

/**
 * As `GET /v1/environments` shows one (protocol reference 1.2.1); what is not known is left out. Until something is observed, what the
 * device said of itself at registration counts.
 */
export function asJson(environment: Environment): Readonly<Record<string, unknown>> {
  const { id, connectionId, deviceId, listenerInstanceId, connectionName } = environment;
  const { connectedAt, lastHeartbeat, lastSeenAt, firstSeenAt, workingDirectory, gitBranch } = environment;
  const { currentMode: firstMode, ...metadata } = environment.metadata;
  const currentMode = environment.currentMode ?? firstMode;
  return {
    id,
    connectionId,
    deviceId,
    ...(listenerInstanceId !== null && { listenerInstanceId }),
    connectionName,
    organizationId: 'local',
    podId: null,
    connectedAt,
    lastHeartbeat,
    lastSeenAt,
    firstSeenAt,
    ...(typeof currentMode === 'string' && { currentMode }),
    metadata: {
      ...metadata,
      ...(workingDirectory !== null && { workingDirectory }),
      ...(gitBranch !== null && { gitBranch }),
    },
  };
}
