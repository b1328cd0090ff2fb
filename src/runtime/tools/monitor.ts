import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { BackgroundCommand } from './background-command.ts';
import { bash } from './bash.ts';
import { defineTool } from './define.ts';
import { type GatedShell, gatedShell } from './gated-shell.ts';

const lookEvery = 200;
/** Lines that come together are told together, so that a burst is one message. */
const gatherMs = 400;
const mostCharacters = 2_000;
/** More messages than this within a minute are no news any more. */
const mostPerMinute = 30;

export const monitor = defineTool({
  name: 'Monitor',
  description:
    'Runs a shell command in the background and tells you each line that it prints, as messages, while you go on or wait: ' +
    'for instance `tail -F app.log | grep --line-buffered ERROR`, or a loop that prints when something has changed. ' +
    'Print only what is worth a message; a command that floods is stopped. TaskStop ends it.',
  input: z.strictObject({
    command: z.string().min(1).describe('Prints a line for each thing worth knowing'),
    description: z.string().min(1).describe('What is watched, in a few words'),
    timeout: z
      .number()
      .positive()
      .optional()
      .describe('Milliseconds until it is stopped; left out: when it ends'),
  }),
  example: { command: 'tail -F app.log | grep --line-buffered ERROR', description: 'errors in app.log' },
  replay: 'once',
  access: 'execute',
  rule: bash.name,
  deeds: ({ command }, context) => bash.deeds({ command }, context),
  async prepare({ command, description, timeout }, context) {
    const shell = await gatedShell(context);
    if ('problem' in shell) return shell;
    const about = { kind: 'monitor', title: description } as const;
    const watch = { timeout: timeout ?? null, watch: tellLines };
    return new BackgroundCommand(shell, command, about, context, watch);
  },
});

/** Tells whole lines, gathered; stops a command that floods. */
function tellLines(shell: GatedShell, tell: (text: string) => void): void {
  const over = shell.over.then(
    () => true,
    () => true,
  );
  const isFlood = floodgate();
  let at = 0;
  const follow = async (): Promise<void> => {
    for (let ended = false; !ended; ) {
      ended = await Promise.race([over, delay(lookEvery, false)]);
      if ((await shell.output.size()) <= at) continue;
      if (!ended) ended = await Promise.race([over, delay(gatherMs, false)]);
      const { text, next } = await shell.output.linesFrom(at, mostCharacters);
      at = next;
      // The last lines are told with the end.
      if (text === '' || ended) continue;
      if (isFlood(Date.now())) {
        tell(`It was stopped: more than ${mostPerMinute} messages in a minute. Let it print less.`);
        shell.stop();
        return;
      }
      tell(text);
    }
  };
  // A file that cannot be read any more says nothing more; the end of the command is told all the same.
  follow().catch(() => undefined);
}

/** Counts messages by their times in milliseconds; true for the first one that is too many within a minute. */
export function floodgate(): (now: number) => boolean {
  const told: number[] = [];
  return (now) => {
    while (told[0] !== undefined && now - told[0] > 60_000) told.shift();
    told.push(now);
    return told.length > mostPerMinute;
  };
}
