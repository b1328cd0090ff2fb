import type { Context, Hono } from 'hono';
import type { Failure } from '../../protocol/errors.ts';
import { type Access, type Denial, denial } from '../access/access.ts';
import type { Knock } from '../access/knock.ts';
import type { Tickets } from '../access/tickets.ts';
import type { BrokerEvent } from '../log.ts';
import type { Stations } from '../stations.ts';
import type { Registry } from '../store/registry.ts';

/** What the routes work with. */
export type Desk = {
  readonly access: Access;
  readonly registry: Registry;
  readonly stations: Stations;
  readonly tickets: Tickets;
  readonly splitChannels: boolean;
  now(): number;
  mint(): string;
  log(event: BrokerEvent): void;
  /** The broker is about to close (LINK-5). */
  draining(): boolean;
};

/** `base`: the URL under which the request came, or under which the broker wants to be known. */
type Variables = { knock: Knock; base: string };
export type App = Hono<{ Variables: Variables }>;
export type Here = Context<{ Variables: Variables }>;

/** What a failure looks like on HTTP, wherever it comes from (ERR-2). */
export function refusal(c: Here, why: Failure | Denial): Response {
  const { code, message, status, retryAfter }: Denial = 'status' in why ? why : denial(why);
  if (retryAfter !== undefined) c.header('retry-after', String(retryAfter));
  if (status === 401) c.header('www-authenticate', 'Bearer');
  return c.json({ error: code, errorCode: code, message }, status);
}
