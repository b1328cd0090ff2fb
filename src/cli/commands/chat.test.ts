import { describe, expect, it } from 'vitest';
import { aHome } from './test-home.ts';

describe('farhand chat', () => {
  it('works the lines of a script one after the other, and leaves', async () => {
    const { start } = aHome();
    const { io, code } = start([], {
      input: 'run umask 22; echo one\ny\nask Which? | left | right\n2\n/mode strict\n',
    });
    expect(await code).toBe(0);
    const { stdout } = { stdout: io.stdout() };
    expect(stdout).toMatch(
      /› run umask 22; echo one\n[\s\S]*› y\n {2}one\n[\s\S]*› ask Which\?[\s\S]*answer › 2\n {2}The person answered/,
    );
    expect(stdout).toMatch(/› \/mode strict\nPermission mode: strict\n$/);
    expect(io.stderr()).toBe('');
  });

  it('stops for SIGTERM and says what stays', async () => {
    const { start } = aHome();
    const { io, code } = start(['chat'], { tty: true });
    await io.until('mode standard');
    io.type('run umask 22; echo x\r');
    await io.until('[y]es');
    io.interrupt('SIGTERM');
    expect(await code).toBe(0);
    expect(io.stderr()).toContain('1 approval waits: farhand approvals ls');
  });

  it('waits for a running tool when it leaves, until it is hurried', async () => {
    const { start } = aHome();
    const { io, code } = start(['chat', '--mode', 'unrestricted'], { tty: true });
    await io.until('mode unrestricted');
    io.type('run umask 22; echo begun; sleep 60\r');
    await io.until('running Bash');
    io.type('/quit\r');
    await io.until('Waiting for Bash umask 22; echo begun; sleep 60 to end.');
    io.interrupt();
    expect(await code).toBe(0);
    expect(io.stderr()).toContain('1 turn is unfinished and will go on when farhand runs again.');
    const next = start(['chat'], { tty: true });
    await next.io.until('it may have run, in whole, in part, or not at all');
    await next.io.until('[demo] Bash did not succeed');
    next.io.type('/quit\r');
    expect(await next.code).toBe(0);
  });

  it('takes over when the owner of the home goes', async () => {
    const { start } = aHome();
    const first = start(['chat'], { tty: true });
    await first.io.until('mode standard');
    const second = start(['chat'], { tty: true });
    await second.io.until('mode standard');
    first.io.type('run umask 22; echo survived\r');
    await second.io.until('[y]es');
    first.io.type('/quit\r');
    expect(await first.code).toBe(0);
    expect(first.io.stderr()).toBe('');
    await second.io.until('The owner of this home went; this process has taken over.');
    second.io.type('y\r');
    await second.io.until('Bash returned:');
    second.io.type('/quit\r');
    expect(await second.code).toBe(0);
  });
});
