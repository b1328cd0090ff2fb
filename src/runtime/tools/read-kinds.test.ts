import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from './file-change.ts';
import { read } from './read.ts';
import { call, makeContext, reaches } from './test-context.ts';
import { pdfOf } from './test-pdf.ts';

async function reading(name: string, content: string | Buffer, input: Record<string, unknown> = {}) {
  const context = await makeContext();
  const path = join(context.cwd, name);
  await writeFile(path, content);
  const result = await call(read, { file_path: name, ...input }, context);
  return { ...result, seen: context.seen.get(path) };
}

// One red pixel.
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

describe('a picture', () => {
  it('is shown by its content, whatever its name', async () => {
    expect(await reading('picture.txt', pixel)).toMatchObject({
      status: 'success',
      text: `picture.txt: PNG picture, 1 × 1 pixels, ${pixel.length} bytes.`,
      images: [{ mediaType: 'image/png', data: pixel.toString('base64') }],
    });
    expect(await reading('text.png', 'words\n')).toMatchObject({ text: '     1\twords\n' });
  });

  it('is refused above 5 MB', async () => {
    const big = Buffer.concat([pixel, Buffer.alloc(5 * 1024 * 1024)]);
    const result = await reading('big.png', big);
    expect(result).toMatchObject({ status: 'error', text: expect.stringContaining('up to 5242880') });
    expect(result.images).toBeUndefined();
  });
});

describe('a PDF', () => {
  const pages = Array.from({ length: 25 }, (_, index) => `Page ${index + 1} says\nhello`);

  it('is shown as text, page by page', async () => {
    expect(await reading('two.pdf', pdfOf('First line\nSecond', ''))).toMatchObject({
      status: 'success',
      text: '[two.pdf: PDF, 2 pages]\n--- page 1 ---\nFirst line\nSecond\n--- page 2 ---\n(no text; it may be a picture of a page)\n',
    });
  });

  it('is read on from page to page', async () => {
    const { text } = await reading('many.pdf', pdfOf(...pages));
    expect(text).toContain(
      '--- page 20 ---\nPage 20 says\nhello\n[More pages follow. Read on with pages "21-25".]',
    );
    const rest = await reading('many.pdf', pdfOf(...pages), { pages: '21-25' });
    expect(rest.text.match(/--- page \d+/g)).toHaveLength(5);
    expect(rest.text).not.toContain('More pages');
    const one = await reading('many.pdf', pdfOf(...pages), { pages: '7' });
    expect(one.text).toBe('[many.pdf: PDF, 25 pages]\n--- page 7 ---\nPage 7 says\nhello\n');
  });

  it.each([
    ['26', 'has 25 pages'],
    ['9-3', 'there are no pages 9-3'],
    ['0', 'there are no pages 0'],
  ])('has no pages %s', async (asked, said) => {
    const result = await reading('many.pdf', pdfOf(...pages), { pages: asked });
    expect(result).toMatchObject({ status: 'error', text: expect.stringContaining(said) });
  });

  it('that is broken is said to be', async () => {
    const result = await reading('broken.pdf', '%PDF-1.4\nnothing of it');
    expect(result).toMatchObject({
      status: 'error',
      text: expect.stringContaining('cannot be read as a PDF'),
    });
    expect(await reading('a.txt', 'text', { pages: '1' })).toMatchObject({ status: 'error' });
  });
});

describe('a notebook', () => {
  const cells = [
    { cell_type: 'markdown', id: 'm1', source: ['# Title\n', 'words'], metadata: {} },
    {
      cell_type: 'code',
      id: 'c1',
      source: 'print(1)',
      execution_count: 3,
      metadata: {},
      outputs: [
        { output_type: 'stream', name: 'stdout', text: ['1\n', '2\n'] },
        {
          output_type: 'display_data',
          data: { 'text/plain': '<Figure>', 'image/png': pixel.toString('base64') },
        },
        { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['\u001b[31mE\u001b[0m: v'] },
        { output_type: 'stream', name: 'stdout', text: 'x'.repeat(5_000) },
      ],
    },
  ];
  const notebook = JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });

  it('is shown cell by cell, with outputs and their pictures', async () => {
    const { text, images } = await reading('a.ipynb', notebook);
    expect(text.replace(/x{4000}/, 'x…')).toBe(
      [
        '[a.ipynb: notebook with 2 cells]',
        '--- cell 1: markdown, id m1 ---',
        '# Title',
        'words',
        '--- cell 2: code, id c1, run as 3 ---',
        'print(1)',
        '[stream]',
        '1',
        '2',
        '[display_data]',
        '<Figure>',
        '[image/png, picture 1]',
        '[error]',
        'E: v',
        '[stream]',
        `${'x'.repeat(2_000)} [2000 more characters in this line]`,
        '[1000 more characters of output]',
        '',
      ].join('\n'),
    );
    expect(images).toEqual([{ mediaType: 'image/png', data: pixel.toString('base64') }]);
  });

  it('that is none is shown as the text that it is', async () => {
    expect(await reading('b.ipynb', '{"cells": 1}')).toMatchObject({ text: '     1\t{"cells": 1}\n' });
  });
});

describe('a text', () => {
  it.each([
    ['UTF-16LE', Buffer.from('\ufeffé\r\nb', 'utf16le'), 'é'],
    ['UTF-16BE', Buffer.from('\ufeffé\r\nb', 'utf16le').swap16(), 'é'],
    ['not UTF-8, taken for Latin-1', Buffer.from('é\nb', 'latin1'), 'é'],
  ])('of %s is shown with a note', async (note, content, first) => {
    expect(await reading('a', content)).toMatchObject({
      text: `[a is ${note}.]\n     1\t${first}\n     2\tb\n`,
    });
  });

  const lines = 'one\ntwo\nthree\nfour\n';
  it.each([
    [{ offset: -2 }, '     3\tthree\n     4\tfour\n'],
    [{ offset: -3, limit: 1 }, '     2\ttwo\n[More lines follow. Read on with offset 3.]\n'],
    [{ offset: -9, limit: 1 }, '     1\tone\n[More lines follow. Read on with offset 2.]\n'],
  ])('is shown from its end: %j', async (range, text) => {
    expect(await reading('a', lines, range)).toMatchObject({ text });
    const open = await reading('a', lines.trimEnd(), range);
    expect(open.text).toBe(text);
  });

  it('of 2 GB is not loaded', async () => {
    const context = await makeContext();
    const path = join(context.cwd, 'huge.log');
    await writeFile(path, 'a line of the log\n'.repeat(10_000));
    await truncate(path, 2 * 1024 ** 3);
    const before = process.memoryUsage().rss;
    const result = await call(read, { file_path: 'huge.log', offset: 9_000, limit: 3 }, context);
    expect(result.text).toContain(
      '  9002\ta line of the log\n[More lines follow. Read on with offset 9003.]',
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
    expect(context.seen.size).toBe(0);
  });

  it('that is too long to be held is counted from its end too, in any encoding', async () => {
    const context = await makeContext();
    const long = `${'some words in a line of its own\n'.repeat(300_000)}last é`;
    await writeFile(join(context.cwd, 'long'), Buffer.from(`\ufeff${long}`, 'utf16le'));
    await writeFile(join(context.cwd, 'latin'), Buffer.from(`\xe9${long.repeat(2)}`, 'latin1'));
    expect(await call(read, { file_path: 'long', offset: -1 }, context)).toMatchObject({
      text: '[long is UTF-16LE.]\n300001\tlast é\n',
    });
    expect(await call(read, { file_path: 'latin', offset: -1 }, context)).toMatchObject({
      text: expect.stringMatching(/Latin-1\.\]\n600001\tlast é\n$/),
    });
  });
});

it('remembers what the file held', async () => {
  expect((await reading('a', 'x\ny\n', { limit: 1 })).seen).toBe(sha256(Buffer.from('x\ny\n')));
});

it('shows what may be read in a denied folder, as if it were in the project', async () => {
  const context = await makeContext();
  const open = { ...context, denied: [context.root], readable: [context.scratch] };
  const file_path = join(context.scratch, 'out');
  await writeFile(file_path, 'output\n');
  await writeFile(join(context.root, 'token'), 'secret');
  expect(await call(read, { file_path }, open)).toMatchObject({ text: '     1\toutput\n' });
  expect(await reaches(read, { file_path }, open)).toEqual(['read-inside']);
  expect(await reaches(read, { file_path: '../token' }, open)).toEqual(['forbidden']);
});
