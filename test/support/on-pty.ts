import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a command whose output is a terminal, and gives what it wrote there. */
export async function onPty(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const options = { cwd, env: { NO_COLOR: '1', ...env }, timeout: 30_000 };
  const running = promisify(execFile)('script', ['-qec', line, '/dev/null'], options);
  running.child.stdin?.end();
  return (await running).stdout;
}
