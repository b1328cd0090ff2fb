import type { CommandSpec, EventSpec, PushSpec, Vintage } from './builders.ts';
import { contract } from './contract/index.ts';
import type { CommandType } from './frames.ts';
import type { Principal, Privilege } from './privileges.ts';

/**
 * What a type name is and who has to do with it: all that a hub must know to pass a frame on without looking inside. Everything but
 * `kind`, `replyType` and `command` stands in the contract's entry.
 */
export type Route =
  | ({ readonly kind: 'command'; readonly replyType: string | null } & Omit<
      CommandSpec,
      'summary' | 'request' | 'reply'
    >)
  | { readonly kind: 'reply'; readonly command: CommandType; readonly since: Vintage }
  | ({ readonly kind: 'event' } & Omit<EventSpec, 'summary' | 'body'>)
  | ({ readonly kind: 'push' } & Omit<PushSpec, 'summary' | 'body'>);

// Maps, because a plain object would know `constructor` and `__proto__` too.
const commands: ReadonlyMap<string, CommandSpec> = new Map(Object.entries(contract.commands));
const events: ReadonlyMap<string, EventSpec> = new Map(Object.entries(contract.events));
const pushes: ReadonlyMap<string, PushSpec> = new Map(Object.entries(contract.pushes));

/** The contract's entry of a command, or null. */
export const commandSpec = (type: string): CommandSpec | null => commands.get(type) ?? null;
/** The contract's entry of an event, or null. */
export const eventSpec = (type: string): EventSpec | null => events.get(type) ?? null;
/** The contract's entry of a push, or null. */
export const pushSpec = (type: string): PushSpec | null => pushes.get(type) ?? null;
/** Every command's type. */
export const commandTypes: readonly string[] = [...commands.keys()];

function* routesOfContract(): Generator<[string, Route]> {
  for (const [type, { summary, request, reply, ...rest }] of commands) {
    yield [type, { kind: 'command', replyType: reply?.type ?? null, ...rest }];
    if (reply) yield [reply.type, { kind: 'reply', command: type as CommandType, since: rest.since }];
  }
  for (const [type, { summary, body, ...rest }] of events) yield [type, { kind: 'event', ...rest }];
  for (const [type, { summary, body, ...rest }] of pushes) yield [type, { kind: 'push', ...rest }];
}

/** What a client must be allowed to be told every event in full, also those of a type that is not known here (SEC-3). */
export const tellingPrivileges: readonly Privilege[] = [
  ...new Set([...events.values()].map(({ privilege }) => privilege)),
  'send',
  'admin',
];

const routes: ReadonlyMap<string, Route> = new Map(routesOfContract());

/** How frames of a type are routed, or null for a type that the contract does not have. */
export const routeOf = (type: string): Route | null => routes.get(type) ?? null;

/** Whether a program that knows only the first documents may send this command. */
export const isSeedCommand = (type: string): boolean => commands.get(type)?.since === 'seed';

/**
 * What a principal must be allowed for this frame: to send it where it is a command, to see it where it is an event or a push. A reply
 * needs nothing, it goes to its asker; a type that nobody can classify needs `admin` (SEC-3).
 */
export function privilegesFor(frame: { readonly type: string }): readonly Privilege[] {
  const route = routeOf(frame.type);
  if (!route) return ['admin'];
  if (route.kind === 'reply') return [];
  if (route.kind !== 'command' || route.demands.length === 0) return [route.privilege];
  const demanded = route.demands.filter(({ when }) => when(frame)).map(({ privilege }) => privilege);
  return [route.privilege, ...demanded];
}

/** The first privilege that the principal lacks for this frame, or null when nothing stands in the way (SEC-3). */
export const missingPrivilege = (
  principal: Pick<Principal, 'privileges'>,
  frame: { readonly type: string },
): Privilege | null =>
  privilegesFor(frame).find((privilege) => !principal.privileges.includes(privilege)) ?? null;
