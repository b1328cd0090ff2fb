import type { Frame } from '../frames.ts';
import { text } from './loose.ts';

/** What only a broker tells, in the words of the first documents; null for every other frame. */
export function brokerNews(frame: Frame): readonly Frame[] | null {
  if (frame.type === 'device_presence') return [presence(frame)];
  return frame.type === 'input_receipt' ? fate(frame) : null;
}

function presence({ online, since, last_seen, connection_id, connection_name }: Frame): Frame {
  const name = text(connection_name) ?? 'The device';
  return {
    type: 'status',
    status: online === true ? 'online' : 'offline',
    message: online === true ? `${name} is online.` : `${name} is offline. What you send waits for it.`,
    timestamp: since,
    connection_id,
    connection_name,
    last_heartbeat: last_seen,
  };
}

const lost: ReadonlyMap<unknown, string> = new Map([
  ['failed', 'The device did not come back in time. Send the message again.'],
  ['rejected', 'The device refused the message that waited for it.'],
  [
    'indeterminate',
    'The device went away and may have worked the message or not. Look before sending it again.',
  ],
]);

/**
 * A receipt is an extension, but two things it tells can be heard nowhere else: that an input waits at the broker, and that one which
 * waited came to nothing. The device's own receipts repeat what its events say.
 */
function fate({ runtime, client_message_id, state, code, authority, at }: Frame): readonly Frame[] {
  if (authority !== 'broker') return [];
  if (state === 'parked') {
    const message = 'The device is away. The message waits until it is back.';
    return [{ type: 'status', status: 'parked', message, timestamp: at, runtime, client_message_id }];
  }
  const message = lost.get(state);
  if (message === undefined) return [];
  const error = { message, ...(typeof code === 'string' && { code }) };
  return [{ type: 'run_request_error', runtime, client_message_id, error }];
}
