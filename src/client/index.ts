/**
 * The remote client: connects to a Farhand hub, stays connected, follows conversations without losing or repeating an event, and
 * delivers messages once. Runs in a browser; failures are values.
 */
export type { CallResult } from './calls.ts';
export {
  type Client,
  type ClientOptions,
  type ClientState,
  createClient,
  type Decision,
  type Message,
  type SendOptions,
} from './client.ts';
export type { Cursor, Follower, FollowHandlers, Gap, Synced } from './follower.ts';
export { memoryOutbox, type Outbox, type Outgoing } from './outbox.ts';
export type { Fate, ReceiptState, SendResult, Until } from './sending.ts';
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
