import { type Failure, failure } from '../protocol/errors.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Principal } from '../protocol/privileges.ts';
import { missingPrivilege } from '../protocol/routing.ts';
import type { Scope } from '../protocol/shapes.ts';
import { type Reach, staysWithin } from './reach.ts';

/** [SEC-12] Why a client may not give this command, or null. The device asks again, but not every device does. */
export function notAllowed(
  { principal, reach }: { readonly principal: Principal; readonly reach?: Reach | undefined },
  frame: Frame,
  scope: Scope | null,
): Failure | null {
  const lacking = missingPrivilege(principal, frame);
  if (lacking)
    return failure(
      'forbidden',
      `"${frame.type}" needs the privilege ${lacking}, which you do not have here. Ask for a token that has it.`,
    );
  if (staysWithin(reach, frame, scope)) return null;
  return failure(
    'forbidden',
    `"${frame.type}" goes beyond the agents that your token names. Name one of them, or ask for a token that reaches more.`,
  );
}

/** [SEC-2] The command without what only this side knows and says: who asks, and that it comes out of an inbox (IN-4). */
export function withoutClaims({ auth: _auth, inbox: _inbox, acting_user_id: _user, ...rest }: Frame): Frame {
  const { runtime } = rest;
  if (typeof runtime !== 'object' || runtime === null || Array.isArray(runtime)) return rest as Frame;
  const { acting_user_id: _, ...scope } = runtime as { acting_user_id?: unknown };
  return { ...(rest as Frame), runtime: scope };
}
