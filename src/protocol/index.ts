/**
 * The wire protocol of Farhand: what frames there are, how they are checked, routed and answered. Works in browsers and in Node alike.
 * PROTOCOL.md explains the protocol itself.
 *
 * @module
 */

/** An entry of the contract: of a command, an event, a push; and how old it is. */
export type { CommandSpec, Demand, EventSpec, PushSpec, Vintage } from './builders.ts';
/** The wire contract as data; everything else here is derived from it. */
export { contract } from './contract/index.ts';
/** Picks a client's dialect from its URL, its door and its first command. */
export { chooseDialect } from './dialects/choose.ts';
/** What one family of clients is told and says. */
export type { Dialect } from './dialects/dialect.ts';
export { farhand } from './dialects/farhand.ts';
export { seed } from './dialects/seed.ts';
export { stock } from './dialects/stock.ts';
/** Every error that crosses a boundary: its code, HTTP status, whether to retry, and the close code it ends a socket with. */
export { type ErrorCode, errorTable, type Failure, failure, isErrorCode } from './errors.ts';
/** The types of frames, inferred from the contract. */
export type {
  AnsweredCommandType,
  CommandArgs,
  CommandFrame,
  CommandType,
  DeviceCommandType,
  EventBody,
  EventType,
  Frame,
  PushBody,
  PushType,
  ReplyFailure,
  ReplyPayload,
} from './frames.ts';
/** The contract as JSON Schema 2020-12. */
export { type JsonSchema, jsonSchema } from './json-schema.ts';
/** Bounds of frames and queues, and what each of them counts. */
export { limitMeaning, limits } from './limits.ts';
/** The closed list of privileges, and who has which. */
export { owner, type Principal, type Privilege, privileges } from './privileges.ts';
/** The one answer to a command. */
export { errorFrame, failedReply, okReply } from './reply.ts';
/** What a type is, and what it takes to send or to see it. */
export { isSeedCommand, missingPrivilege, privilegesFor, type Route, routeOf } from './routing.ts';
/** A conversation's address. */
export { type Scope, scopeKey } from './shapes.ts';
/** Checks that never throw and never change a frame. */
export {
  type Checked,
  type CheckedCommand,
  checkCommand,
  checkEvent,
  checkPush,
  checkReply,
  type Refused,
} from './validate.ts';
