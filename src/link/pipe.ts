/** Why a pipe ended: a WebSocket-style close code (1006 when the peer just vanished) and the peer's reason. */
export type Closed = { readonly code: number; readonly reason: string };

export type PipeListener = {
  message(text: string): void;
  closed(why: Closed): void;
  /** Called when `unsent` fell to zero after it had been above it. */
  drained?(): void;
};

/**
 * Both directions of one connection, one JSON frame per message. All transports (WebSocket, local socket, in-memory pair) look like
 * this to the rest of the program, and nothing above this folder knows which one it has.
 */
export interface Pipe {
  /** Hands a frame to the transport. Never throws and never blocks; after the end it does nothing. */
  send(text: string): void;
  /** Bytes accepted by `send` that have not left the process. */
  readonly unsent: number;
  readonly open: boolean;
  /** Ends the connection. The listener's `closed` is called once, also for the side that closes. */
  close(code?: number, reason?: string): void;
  /** Sets the one listener. Frames that arrived before are delivered first, in order. */
  listen(listener: PipeListener): void;
  /** Tells the end to one more: after the listener, or at once where nobody listens. For `tellingEnd`, which does without. */
  whenEnded?(told: (why: Closed) => void): void;
}
