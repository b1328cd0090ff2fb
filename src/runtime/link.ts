import type { Frame } from '../protocol/frames.ts';
import { isPrivilege, type Principal, type Privilege } from '../protocol/privileges.ts';
import type { StoredEvent } from '../store/store.ts';

/** What hears everything that a device tells of its own accord. */
export interface Link {
  /** A stored event. */
  event(event: StoredEvent): void;
  /** A notice that is not stored. */
  push(text: string): void;
  /** Every event of the last commit was told. */
  committed(): void;
  close(code: number, reason: string): void;
}

/** A lease at a broker, or a server that was dialled: what status frames show. */
export type Connection = { readonly id: string; readonly name: string };

/** Where a command came from. */
export type Source = {
  /** To whoever asked. */
  send(frame: Frame): void;
  principalOf(frame: Frame): Principal;
  /** The inbox that commands with a place come out of; null where there is none. */
  readonly inboxId: string | null;
};

/** [SEC-12] No broker can give more than the device's own policy leaves. */
export const within = (policy: readonly Privilege[], by: Principal): Principal => ({
  ...by,
  privileges: by.privileges.filter((privilege) => policy.includes(privilege)),
});

/** Who asks, as a broker says it; what it asks for itself, without naming anybody, may only be looked at. */
export function brokerPrincipal(auth: unknown): Principal {
  if (auth === undefined) return { principal: 'broker', privileges: ['observe'], origin: 'broker' };
  const said: { readonly principal?: unknown; readonly privileges?: unknown } =
    typeof auth === 'object' && auth !== null ? auth : {};
  const { principal, privileges } = said;
  return {
    principal: typeof principal === 'string' ? principal : 'nobody',
    privileges: Array.isArray(privileges) ? privileges.filter(isPrivilege) : [],
    origin: 'broker',
  };
}
