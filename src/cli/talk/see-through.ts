import type { Client } from '../../client/client.ts';
import { emptyTranscript, fold, type Transcript } from '../../client/transcript.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { isIdle, progressText } from '../show/progress.ts';
import { Spinner } from '../show/spinner.ts';

/** Stays while a turn goes on that no other process would run: until it ends, or waits for a person again. */
export function seeThrough(client: Client, scope: Scope, stop: AbortSignal, io: Io): Promise<void> {
  const spinner = io.err.isTTY ? new Spinner(io.err, errStyle(io)) : null;
  let transcript: Transcript = emptyTranscript;
  let told = false;
  return new Promise((resolve) => {
    const end = () => {
      spinner?.stop();
      follower.stop();
      resolve();
    };
    const look = () => {
      if (isIdle(transcript.loop) || transcript.approvals.length > 0) return end();
      if (!told)
        note(
          io,
          'No other farhand runs in this home, so the turn goes on here. Ctrl-C leaves it for the next start.',
        );
      told = true;
    };
    const hear = (frame: Frame) => {
      transcript = fold(transcript, frame);
    };
    const follower = client.follow(scope, {
      snapshot: hear,
      event(frame) {
        hear(frame);
        look();
      },
      synced: look,
      failed: end,
    });
    spinner?.start(
      () => progressText(transcript, Date.now()),
      () => '',
    );
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}
