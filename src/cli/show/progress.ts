import type { Loop, Transcript } from '../../client/transcript.ts';
import { fieldsOf, numberOf, textOf } from './fields.ts';
import { oneLine } from './printable.ts';
import { callLine, inputOf, runningCall } from './tool-call.ts';

export const isIdle = (loop: Loop | null): boolean => loop === null || loop.status === 'WAITING_ON_INPUT';

/** What a busy conversation waits for and for how long, on one line; null where it waits for a person or for nothing. */
export function progressText(transcript: Transcript, now: number): string | null {
  const { loop } = transcript;
  const waiting = fieldsOf(loop?.waiting_for);
  const since = numberOf(waiting.since);
  const seconds = since === undefined ? '' : `, ${secondsText(now - since)}`;
  // Of a machine that is away nobody knows whether it rests.
  if (waiting.kind === 'device')
    return `${oneLine(textOf(waiting.detail) ?? 'waiting for the machine', 60)}${seconds}`;
  if (loop === null || isIdle(loop)) return null;
  const { status } = loop;
  switch (waiting.kind) {
    case 'model':
      if (status === 'RETRYING_API_REQUEST') return `waiting to ask the model again${seconds}`;
      return `${status === 'PROCESSING_API_RESPONSE' ? 'the model answers' : 'waiting for the model'}${seconds}`;
    case 'tool': {
      const running = runningCall(transcript);
      const what = running
        ? callLine(running.name, inputOf(running.args))
        : (textOf(waiting.detail) ?? 'a tool');
      return `running ${oneLine(what, 60)}${seconds}`;
    }
    case 'approval':
      return null;
    default:
      return 'working';
  }
}

export function secondsText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
