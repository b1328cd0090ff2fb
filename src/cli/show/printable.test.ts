import { describe, expect, it } from 'vitest';
import { excerpt } from './excerpt.ts';
import { oneLine, printable, printableOutput } from './printable.ts';

describe('text of others on a terminal', () => {
  it.each([
    ['plain text\twith a tab\nand a line', 'plain text\twith a tab\nand a line'],
    ['windows\r\nline', 'windows\nline'],
    ['rm -rf /\x1b[8m # hidden', 'rm -rf /\\x1b[8m # hidden'],
    ['over\rwritten', 'over\\x0dwritten'],
    ['bell\x07 and delete\x7f', 'bell\\x07 and delete\\x7f'],
    ['turned \u202earound', 'turned \\u202earound'],
    ['hidden \u200b space and \u009b7m', 'hidden \\u200b space and \\x9b7m'],
    ['tagged \u{e0041}', 'tagged \\u{e0041}'],
    ['Größe 漢字 👩‍💻', 'Größe 漢字 👩‍💻'],
  ])('[SEC-6] shows what it cannot print as its code: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('takes the colours out of output, and makes lines of a line that redraws itself', () => {
    expect(printableOutput('\x1b[32mok\x1b[0m 1\r\n10%\r20%\r\x1b[2Kdone\x07')).toBe(
      'ok 1\n10%\n20%\ndone\\x07',
    );
    expect(printableOutput('\x1b]0;title\x07text')).toBe('text');
  });

  it('puts text on one line of a certain length', () => {
    expect(oneLine('  two\n\n  lines\x1b[1m ', 40)).toBe('two lines\\x1b[1m');
    expect(oneLine('123456', 5)).toBe('1234…');
  });
});

describe('an excerpt', () => {
  const lines = (n: number) => Array.from({ length: n }, (_, i) => `line ${i + 1}`);

  it('keeps the beginning and the end, and counts what it leaves out', () => {
    expect(excerpt(`${lines(20).join('\n')}\n`)).toEqual([
      ...lines(5),
      '… 12 more lines …',
      'line 18',
      'line 19',
      'line 20',
    ]);
  });

  it('leaves out nothing where that would save nothing', () => {
    expect(excerpt(lines(9).join('\n'))).toEqual(lines(9));
    expect(excerpt(lines(10).join('\n'))).toContain('… 2 more lines …');
  });

  it('of nothing is nothing, and a long line is cut', () => {
    expect(excerpt('')).toEqual([]);
    expect(excerpt('\n\n')).toEqual([]);
    expect(excerpt('x'.repeat(500))[0]).toHaveLength(160);
  });
});
