import { isSeedCommand, routeOf } from '../routing.ts';
import type { Dialect } from './dialect.ts';
import { farhand } from './farhand.ts';
import { isLegacyCommand } from './legacy-commands.ts';
import { seed } from './seed.ts';
import { stock } from './stock.ts';

/**
 * The dialect of a client, from what it showed so far: the query of its URL, whether it came to an app-server, and the type of the first
 * command it sent (those worked by the link, such as `ping`, say nothing). Ask again when the first command arrives.
 */
export function chooseDialect(shown: {
  readonly url?: URLSearchParams | undefined;
  readonly appServer?: boolean | undefined;
  readonly firstCommand?: string | undefined;
}): Dialect {
  const { url, appServer = false, firstCommand } = shown;
  if (url?.get('farhand') === '1' || firstCommand === 'client_hello') return farhand;
  if (appServer || url?.get('channel') === 'control') return stock;
  return firstCommand === undefined || saysNothing(firstCommand) || isOfSeed(firstCommand) ? seed : stock;
}

const isOfSeed = (type: string): boolean => isSeedCommand(type) || isLegacyCommand(type);

function saysNothing(type: string): boolean {
  const route = routeOf(type);
  return route?.kind === 'command' && route.on === 'link';
}
