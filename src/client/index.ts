/**
 * The remote client: connects to a Farhand hub, stays connected, follows conversations without losing or repeating an event, and
 * delivers messages once. Runs in a browser; failures are values.
 */
export type { CallResult } from './calls.ts';
export {
  type Client,
  type ClientOptions,
  createClient,
  type Decision,
  type SendOptions,
} from './client.ts';
export { type ConnectOptions, connect, type OpenSocket } from './connect.ts';
export { type Environment, type EnvironmentsOptions, environmentsAt } from './environments.ts';
export type { Fate, ReceiptState } from './fate.ts';
export type { Cursor, Follower, FollowHandlers, Gap, Synced } from './follower.ts';
export type { Fetch } from './http.ts';
export { type IndexedDb, indexedDbOutbox } from './indexeddb-outbox.ts';
export { type Message, memoryOutbox, type Outbox, type Outgoing } from './outbox.ts';
export type { SendResult, Until } from './sending.ts';
export type { ClientState, DeviceSeen, WaitingFor } from './state.ts';
export {
  type Approval,
  type CallItem,
  emptyTranscript,
  fold,
  type Item,
  type Level,
  type Loop,
  type Transcript,
  withGap,
  withSent,
} from './transcript.ts';
