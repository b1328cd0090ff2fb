import { describe, expect, it } from 'vitest';
import { insideTool } from '../../runtime/tool-environment.ts';
import { aHome } from './test-home.ts';

describe('farhand approvals', () => {
  it('shows and allows from a second terminal what a first one waits for', async () => {
    const { start, run, json } = aHome();
    const first = start(['-p', 'run umask 22; echo approved', '--approve', 'wait']);
    await first.io.until('farhand approvals allow demo-1-1');
    expect((await run('approvals')).stdout).toMatch(
      /^demo-1-1 {2}Bash umask 22; echo approved {2}default, for \d+ s\n$/,
    );
    const { approvals } = await json('approvals', 'ls');
    expect(approvals).toEqual([
      expect.objectContaining({
        id: 'perm-demo-1-1',
        tool: 'Bash',
        input: { command: 'umask 22; echo approved' },
        conversation_id: 'default',
      }),
    ]);
    expect(await json('approvals', 'show', 'demo')).toEqual(approvals[0]);
    expect((await run('approvals', 'allow', 'nothing')).stderr).toContain('Nothing waits as "nothing"');
    const allowed = await run('approvals', 'allow', 'demo-1');
    expect(allowed).toMatchObject({ code: 0, stderr: '' });
    expect(allowed.stdout).toContain('command: umask 22; echo approved\n');
    expect(allowed.stdout).toMatch(/Allowed\.\n$/);
    expect(await first.code).toBe(0);
    expect(first.io.stdout()).toBe('[demo] Calling Bash.\n[demo] Bash returned:\napproved\n');
  });

  it('[PERM-6] allows and remembers, where that is offered', async () => {
    const { folder, start, run, json } = aHome();
    const first = start(['-p', 'write a.txt x', '--approve', 'wait']);
    await first.io.until('waits for approval');
    expect((await run('approvals', 'show', 'demo')).stdout).toContain(
      '1 Yes, allow editing files at the top level in this project',
    );
    expect((await run('approvals', 'allow', '--all', '--remember')).stderr).toContain('one by one');
    expect(await run('approvals', 'allow', '--remember', 'demo')).toMatchObject({ code: 0, stderr: '' });
    expect(await first.code).toBe(0);
    expect((await json('rules', 'ls')).rules).toEqual([
      { kind: 'allow', rule: 'Edit(*)', yours: true, where: folder },
    ]);
    const question = start(['-p', 'ask Which? | a | b', '--approve', 'wait']);
    await question.io.until('waits for approval');
    expect((await run('approvals', 'allow', '--remember', 'demo')).stderr).toContain(
      'Nothing can be remembered',
    );
    expect((await run('approvals', 'deny', 'demo')).code).toBe(0);
    expect(await question.code).toBe(0);
  });

  it('denies with a reason that the model reads', async () => {
    const { start, json } = aHome();
    const first = start(['-p', 'run umask 22; echo x', '--approve', 'wait']);
    await first.io.until('waits for approval');
    expect(await json('approvals', 'deny', 'demo', 'not today')).toMatchObject({
      decision: 'deny',
      approvals: [{ id: 'perm-demo-1-1' }],
    });
    expect(await first.code).toBe(0);
    expect(first.io.stdout()).toContain('Denied by the person: not today');
  });

  it('tells apart what waits under one id in two conversations', async () => {
    const { start, run } = aHome();
    const first = start([
      '-p',
      'run umask 22; echo one',
      '--approve',
      'wait',
      '--new',
      '--conversation',
      'conv-one',
    ]);
    await first.io.until('waits for approval');
    const second = start([
      '-p',
      'run umask 22; echo two',
      '--approve',
      'wait',
      '--new',
      '--conversation',
      'conv-two',
    ]);
    await second.io.until('waits for approval');
    const unclear = await run('approvals', 'allow', 'demo-1-1');
    expect(unclear).toMatchObject({ code: 2 });
    expect(unclear.stderr).toContain('--conversation conv-one or --conversation conv-two');
    expect((await run('approvals', 'allow', 'demo-1-1', '--conversation', 'conv-two')).code).toBe(0);
    expect(await second.code).toBe(0);
    expect((await run('approvals', 'allow', '--all')).code).toBe(0);
    expect(await first.code).toBe(0);
    expect(first.io.stdout()).toContain('one');
  });

  it('does not allow a question, which needs an answer', async () => {
    const { start, run } = aHome();
    const first = start(['-p', 'ask Which? | a | b', '--approve', 'wait']);
    await first.io.until('waits for approval');
    const refused = await run('approvals', 'allow', 'demo');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('only answered: farhand --conversation default');
    expect((await run('approvals', 'deny', 'demo')).code).toBe(0);
    expect(await first.code).toBe(0);
  });

  it('refuses to decide from inside a tool', async () => {
    const { start } = aHome();
    for (const argv of [
      ['approvals', 'allow', '--all'],
      ['approvals', 'deny', 'x'],
    ]) {
      const { io, code } = start(argv, { env: { [insideTool]: '1' } });
      expect(await code).toBe(1);
      expect(io.stderr()).toContain('only a person decides');
    }
    expect(await start(['approvals', 'ls'], { env: { [insideTool]: '1' } }).code).toBe(0);
  });

  it('goes on with the turn where nobody else would', async () => {
    const { start, run } = aHome();
    const chat = start(['chat'], { tty: true });
    await chat.io.until('mode standard');
    chat.io.type('run umask 22; echo alone\r');
    await chat.io.until('[y]es');
    chat.io.type('/quit\r');
    expect(await chat.code).toBe(0);
    expect(chat.io.stderr()).toBe('1 approval waits: farhand approvals ls\n');
    expect((await run('approvals')).stderr).toBe('');
    const allowed = await run('approvals', 'allow', 'demo');
    expect(allowed.stderr).toContain('so the turn goes on here');
    expect((await run('conversations', 'show')).stdout).toMatch(/Bash returned:\nalone\n$/);
  });
});
