import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyPatch } from './apply-patch.ts';
import { lookAt } from './file-change.ts';
import { call, makeContext, mustPrepare, reaches } from './test-context.ts';

const patch = (...lines: readonly string[]) => ({
  input: ['*** Begin Patch', ...lines, '*** End Patch'].join('\n'),
});

async function patching(before: string, ...lines: readonly string[]) {
  const context = await makeContext();
  const path = join(context.cwd, 'a');
  await writeFile(path, before);
  const result = await call(applyPatch, patch('*** Update File: a', ...lines), context);
  return { ...result, after: await readFile(path, 'utf8') };
}

describe('an update', () => {
  const six = 'one\ntwo\nthree\nfour\nfive\nsix\n';
  it.each([
    ['a line', six, ['@@', ' two', '-three', '+3', ' four'], 'one\ntwo\n3\nfour\nfive\nsix\n'],
    ['without @@ before the first change', six, ['-three', '+3'], 'one\ntwo\n3\nfour\nfive\nsix\n'],
    ['two places', six, ['@@', '-one', '+1', '@@', '-six', '+6'], '1\ntwo\nthree\nfour\nfive\n6\n'],
    ['behind the line of an anchor', 'f\nx\ng\nx\n', ['@@ g', '-x', '+y'], 'f\nx\ng\ny\n'],
    [
      'only lines that come, behind an anchor',
      six,
      ['@@ two', '+2.5'],
      'one\ntwo\n2.5\nthree\nfour\nfive\nsix\n',
    ],
    ['only lines that come, at the end', six, ['@@', '+seven'], `${six}seven\n`],
    ['only lines that come, into an empty file', '', ['@@', '+one'], 'one\n'],
    ['the end of the file', 'x\ny\nx\n', ['@@', '-x', '+z', '*** End of File'], 'x\ny\nz\n'],
    ['lines that only go', six, ['@@', ' one', '-two', '-three'], 'one\nfour\nfive\nsix\n'],
    ['an empty line without its space', 'a\n\nb\n', ['@@', ' a', '', '-b', '+c'], 'a\n\nc\n'],
    [
      'empty lines before the next file',
      six,
      ['@@', '-six', '+6', '', ''],
      'one\ntwo\nthree\nfour\nfive\n6\n',
    ],
    ['a file of CR LF', 'a\r\nb\r\n', ['@@', ' a', '-b', '+c', '+d'], 'a\r\nc\r\nd\r\n'],
    ['a mixed file', 'a\r\nb\nc\n', ['@@', ' a', '-b', '+x', ' c'], 'a\r\nx\nc\n'],
    ['a file without a last line end', 'a\nb', ['@@', '-b', '+c', '+d'], 'a\nc\nd'],
    ['at the end of one without a last line end', 'a\nb', ['@@', ' b', '+c'], 'a\nb\nc'],
    [
      'white space at the ends of lines, which stays',
      'a  \nb\t\nc\n',
      ['@@', ' a', '-b', '+x', ' c'],
      'a  \nx\nc\n',
    ],
    ['the exact line before the loose one', 'b \nb\n', ['@@', '-b', '+x'], 'b \nx\n'],
  ])('changes %s', async (_, before, lines, expected) => {
    const { status, after, text } = await patching(before, ...lines);
    expect({ status, after, text }).toMatchObject({ status: 'success', after: expected });
  });

  it.each([
    ['lines that are not there', six, ['@@', '-seven', '+7'], 'these lines do not occur:\nseven'],
    ['lines in the wrong order', six, ['@@', '-six', '+6', '@@', '-one', '+1'], 'do not occur below line 6'],
    [
      'an anchor that is not there',
      six,
      ['@@ zero', '-one', '+1'],
      'the line behind @@ does not occur: zero',
    ],
    ['white space at the beginning of lines', ' a\n', ['@@', '-a', '+b'], 'do not occur'],
    ['an end that is none', 'x\ny\n', ['@@', '-x', '+z', '*** End of File'], 'do not occur'],
    ['a line without a sign', six, ['@@', 'one'], 'a line of a change begins with'],
    ['nothing', six, [], 'the update changes nothing'],
  ])('refuses %s', async (_, before, lines, said) => {
    const { status, after, text } = await patching(before, ...lines);
    expect({ status, after }).toEqual({ status: 'error', after: before });
    expect(text).toContain(said);
  });
});

describe('a patch', () => {
  const whole = patch(
    '*** Add File: new/deep.txt',
    '+hello',
    '+',
    '*** Update File: move.sh',
    '*** Move to: moved/it.sh',
    '@@',
    '-old',
    '+new',
    '*** Delete File: gone',
    '*** Update File: stays',
    '-a',
    '+b',
  );
  async function project() {
    const context = await makeContext();
    for (const [name, content] of Object.entries({ 'move.sh': 'old\n', gone: 'x\n', stays: 'a\n' }))
      await writeFile(join(context.cwd, name), content);
    await chmod(join(context.cwd, 'move.sh'), 0o755);
    return context;
  }

  it('adds, updates, moves and deletes files', async () => {
    const context = await project();
    const { cwd } = context;
    const result = await call(applyPatch, whole, context);
    expect(result.text).toBe(
      [
        'Created new/deep.txt (7 bytes).',
        'Created moved/it.sh (4 bytes).',
        'Updated stays.',
        '@@ -1,1 +1,1 @@',
        '-a',
        '+b',
        'Deleted move.sh.',
        'Deleted gone.',
      ].join('\n'),
    );
    expect((await readdir(cwd, { recursive: true })).sort()).toEqual([
      'moved',
      'moved/it.sh',
      'new',
      'new/deep.txt',
      'stays',
    ]);
    expect(await readFile(join(cwd, 'moved/it.sh'), 'utf8')).toBe('new\n');
    expect((await stat(join(cwd, 'moved/it.sh'))).mode & 0o777).toBe(0o755);
    expect(result.wrote?.map(({ content }) => content)).toEqual(['hello\n\n', 'new\n', 'b\n']);
  });

  it('does each of its deeds, and shows each of its files', async () => {
    const context = await project();
    expect(await reaches(applyPatch, whole, context)).toEqual(Array(5).fill('edit-inside'));
    const far = patch(
      '*** Delete File: stays',
      '*** Update File: gone',
      '*** Move to: ../out',
      '*** Add File: .git/hooks/x',
      '+',
    );
    expect(await reaches(applyPatch, far, context)).toEqual([
      'edit-inside',
      'edit-inside',
      'edit-outside',
      'edit-outside',
    ]);
    expect(await reaches(applyPatch, { input: 'no patch' }, context)).toEqual(['internal']);
    const shown = await applyPatch.preview?.(whole, context);
    expect(shown?.map(({ path, mode }) => [path, mode])).toEqual([
      ['new/deep.txt', 'advanced'],
      ['moved/it.sh', 'advanced'],
      ['stays', 'advanced'],
      ['move.sh', 'advanced'],
      ['gone', 'advanced'],
    ]);
  });

  it('writes nothing where any part of it does not fit', async () => {
    const context = await project();
    const result = await call(
      applyPatch,
      patch('*** Add File: new', '+x', '*** Update File: stays', '-z', '+b'),
      context,
    );
    expect(result).toMatchObject({ status: 'error', text: expect.stringContaining('Nothing was changed') });
    expect((await readdir(context.cwd)).sort()).toEqual(['gone', 'move.sh', 'stays']);
  });

  it.each([
    ['what does not begin', '*** Update File: stays', 'does not begin'],
    ['what does not end', '*** Begin Patch\n*** Delete File: stays', 'does not end'],
    ['what holds nothing', '*** Begin Patch\n*** End Patch', 'changes no file'],
    ['what belongs to no file', '*** Begin Patch\n-a\n*** End Patch', 'belongs to no file: -a'],
    ['a new file without signs', patch('*** Add File: n', 'x').input, 'begins with "+"'],
    ['a new file that is there', patch('*** Add File: stays', '+x').input, 'stays exists already'],
    [
      'a move onto a file',
      patch('*** Update File: gone', '*** Move to: stays').input,
      'stays exists already',
    ],
    ['a file that is not there', patch('*** Update File: none', '-a').input, 'none does not exist'],
    ['one to delete that is not there', patch('*** Delete File: none').input, 'cannot be deleted'],
    ['lines of one to delete', patch('*** Delete File: gone', '-x').input, 'no line can follow'],
    ['the same file twice', patch('*** Delete File: gone', '*** Delete File: ./gone').input, 'in two places'],
    ['a denied folder', patch('*** Add File: ../home/x', '+x').input, 'may not touch'],
    ['a link to delete', patch('*** Delete File: link').input, 'is a symbolic link'],
    ['a folder', patch('*** Delete File: folder').input, 'folder is a folder'],
  ])('refuses %s', async (_, input, said) => {
    const context = await project();
    await symlink('stays', join(context.cwd, 'link'));
    await mkdir(join(context.cwd, 'folder'));
    const before = await readdir(context.cwd);
    expect(await call(applyPatch, { input }, context)).toMatchObject({
      status: 'error',
      text: expect.stringContaining(said),
    });
    expect(await readdir(context.cwd)).toEqual(before);
  });

  it('takes text around it, as of a shell, and CR LF', async () => {
    const context = await project();
    const input = `apply_patch <<'EOF'\n${patch('*** Update File: stays', '-a', '+b').input}\nEOF\n`;
    expect(await call(applyPatch, { input: input.replaceAll('\n', '\r\n') }, context)).toMatchObject({
      status: 'success',
    });
    expect(await readFile(join(context.cwd, 'stays'), 'utf8')).toBe('b\n');
  });

  it('[TOOL-4] is settled by looking at all of its files, and half of it is told as unknown', async () => {
    const context = await project();
    const prepared = await mustPrepare(applyPatch, whole, context);
    const mark = prepared.mark ?? [];
    expect(mark).toHaveLength(5);
    expect(await lookAt(mark)).toBe('absent');
    await mkdir(join(context.cwd, 'new'));
    await writeFile(join(context.cwd, 'new/deep.txt'), 'hello\n\n');
    expect(await lookAt(mark)).toBe('unknown');
    const again = await makeSame(context);
    expect(await lookAt(again)).toBe('done');
  });

  async function makeSame(context: Awaited<ReturnType<typeof project>>) {
    const other = { ...(await project()), callId: 'call-2' };
    const prepared = await mustPrepare(applyPatch, whole, other);
    await prepared.run(() => {});
    expect(other.cwd).not.toBe(context.cwd);
    return prepared.mark ?? [];
  }

  it('writes nothing when one of its files has changed since', async () => {
    const context = await project();
    const prepared = await mustPrepare(applyPatch, whole, context);
    await writeFile(join(context.cwd, 'stays'), 'theirs\n');
    expect(await prepared.run(() => {})).toMatchObject({
      text: expect.stringContaining('stays has changed since'),
    });
    expect((await readdir(context.cwd)).sort()).toEqual(['gone', 'move.sh', 'stays']);
  });

  it('tells what was changed when it cannot go on', async () => {
    const context = await project();
    const prepared = await mustPrepare(applyPatch, whole, context);
    // What is written beside `stays` is in the way of itself.
    const name = createHash('sha256').update(context.callId).digest('hex').slice(0, 16);
    await mkdir(join(context.cwd, `.farhand-${name}.tmp`));
    const result = await prepared.run(() => {});
    expect(result).toMatchObject({
      status: 'error',
      text: expect.stringMatching(/^Stopped: .*Already changed: new\/deep\.txt, moved\/it\.sh; the rest/),
      wrote: [{ content: 'hello\n\n' }, { content: 'new\n' }],
    });
    expect(await readFile(join(context.cwd, 'stays'), 'utf8')).toBe('a\n');
  });
});
