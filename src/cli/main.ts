import { program } from './commands/index.ts';
import { processIo } from './program/io.ts';
import { runProgram } from './program/run.ts';

// A reader that has seen enough, such as `head`, is no failure; but nobody reads on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// The clocks' timers keep no process alive, and a command that waits for a connection to come back has nothing else.
setInterval(() => undefined, 2 ** 30);
const code = await runProgram(process.argv.slice(2), program, processIo());
// Whatever still waits for a key or a timer has nothing to say any more; what was written must get out first.
process.stdout.write('', () => process.exit(code));
