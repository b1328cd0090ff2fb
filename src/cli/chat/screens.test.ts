import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { testIo } from '../test-io.ts';
import { PipedScreen } from './piped-screen.ts';
import { TerminalScreen } from './terminal-screen.ts';

function listener() {
  const heard: string[] = [];
  return {
    heard,
    line: (text: string) => heard.push(`line ${text}`),
    interrupt: () => heard.push('interrupt'),
    end: () => heard.push('end'),
  };
}

const soon = async () => {
  for (let n = 0; n < 5; n++) await turnOfTheLoop();
};

describe('lines that are piped in', () => {
  it('wait until one is expected, and show where they were read', async () => {
    const io = testIo({ input: 'first\nsecond\n' });
    const screen = new PipedScreen(io);
    const heard = listener();
    screen.start(heard);
    await soon();
    expect(heard.heard).toEqual([]);
    screen.write('Hello');
    screen.expect('› ');
    await soon();
    expect(heard.heard).toEqual(['line first']);
    screen.expect('y/n ');
    await soon();
    screen.expect('› ');
    await soon();
    expect(heard.heard).toEqual(['line first', 'line second', 'end']);
    expect(io.stdout()).toBe('Hello\n› first\ny/n second\n');
  });

  it('are not delivered to who expected one and no longer does', async () => {
    const io = testIo({ input: 'first\n' });
    const screen = new PipedScreen(io);
    const heard = listener();
    screen.start(heard);
    await soon();
    screen.expect('› ');
    screen.expect(null);
    await soon();
    expect(heard.heard).toEqual([]);
  });

  it('end on a line of their own', () => {
    const io = testIo({ input: '' });
    const screen = new PipedScreen(io);
    screen.start(listener());
    screen.write('half');
    screen.close();
    expect(io.stdout()).toBe('half\n');
  });
});

const width = 80;
/** A control sequence, or a character. */
const token = new RegExp(`${String.fromCharCode(27)}\\[\\??(\\d*)([A-Za-z])|[\\s\\S]`, 'g');

/** What stands on a terminal after these bytes: enough of one for lines, the cursor's ways and erasing. */
function screenOf(bytes: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  for (const [all, parameter, command] of bytes.matchAll(token)) {
    const count = Number(parameter || 1);
    if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'B') row += count;
    else if (command === 'C') column += count;
    else if (command === 'D') column = Math.max(0, column - count);
    else if (command === 'G') column = count - 1;
    else if (command === 'J') {
      lines.splice(row + 1);
      lines[row] = (lines[row] ?? '').slice(0, column);
    } else if (command === 'K') lines[row] = parameter === '2' ? '' : (lines[row] ?? '').slice(0, column);
    else if (all === '\n') [row, column] = [row + 1, 0];
    else if (all === '\r') column = 0;
    else if (command === undefined) {
      if (column === width) [row, column] = [row + 1, 0];
      while (lines.length <= row) lines.push('');
      const line = (lines[row] ?? '').padEnd(column);
      lines[row] = line.slice(0, column) + all + line.slice(column + 1);
      column += 1;
    }
    while (lines.length <= row) lines.push('');
  }
  return lines.map((line) => line.trimEnd());
}

function terminal() {
  const io = testIo({ tty: true, env: { NO_COLOR: '1' } });
  const screen = new TerminalScreen(io);
  const heard = listener();
  screen.start(heard);
  const type = async (keys: string) => {
    io.type(keys);
    await soon();
  };
  return { io, screen, heard: heard.heard, type, shown: () => screenOf(io.stdout()) };
}

describe('a terminal', () => {
  it('streams while nothing is expected, then shows the line to be typed', async () => {
    const { screen, heard, type, shown } = terminal();
    screen.write('Hel');
    screen.write('lo');
    expect(shown()).toEqual(['Hello']);
    screen.expect('› ');
    expect(shown()).toEqual(['Hello', '›']);
    await type('hi there\r');
    expect(heard).toEqual(['line hi there']);
    screen.write('Answer');
    expect(shown()).toEqual(['Hello', '› hi there', 'Answer']);
  });

  it('keeps what is being typed below what comes meanwhile', async () => {
    const { screen, heard, type, shown } = terminal();
    screen.write('The answer ');
    await type('next');
    expect(shown()).toEqual(['The answer', '› next']);
    screen.write('is long.\nIt goes ');
    expect(shown()).toEqual(['The answer', 'is long.', '› next']);
    await type(' thing');
    screen.write('on.\n');
    expect(shown()).toEqual(['The answer', 'is long.', 'It goes on.', '› next thing']);
    await type('\r');
    expect(heard).toEqual(['line next thing']);
  });

  it('shows the end of an answer that has no line break before it asks for the next line', async () => {
    const { screen, type, shown } = terminal();
    screen.write('The ans');
    await type('next');
    screen.write('wer.');
    screen.expect('› ');
    expect(shown()).toEqual(['The ans', 'wer.', '› next']);
    screen.write('\nNote.\n');
    expect(shown()).toEqual(['The ans', 'wer.', 'Note.', '› next']);
  });

  it('keeps a typed line in place that is longer than the terminal is wide', async () => {
    const { screen, type, shown } = terminal();
    screen.expect('› ');
    await type('x'.repeat(100));
    screen.write('above\n');
    const typed = [`› ${'x'.repeat(78)}`, 'x'.repeat(22)];
    expect(shown()).toEqual(['above', ...typed]);
    screen.write('and more\n');
    expect(shown()).toEqual(['above', 'and more', ...typed]);
  });

  it('takes the label away when the line is no longer expected', async () => {
    const { screen, shown } = terminal();
    screen.expect('y/n › ');
    screen.write('Answered elsewhere.\n');
    screen.expect(null);
    screen.write('Going on');
    expect(shown()).toEqual(['Answered elsewhere.', 'Going on']);
  });

  it('takes back what is typed with the first Ctrl-C, and hears the next', async () => {
    const { screen, heard, type, shown } = terminal();
    screen.expect('› ');
    await type('wrong');
    await type('\x03');
    expect(heard).toEqual([]);
    expect(shown()).toEqual(['›']);
    await type('\x03');
    expect(heard).toEqual(['interrupt']);
  });

  it('goes on streaming when what is typed meanwhile is taken back', async () => {
    const { screen, heard, type, shown } = terminal();
    screen.write('The ans');
    await type('no');
    screen.write('wer is ');
    await type('\x03');
    screen.write('long.\n');
    expect(shown()).toEqual(['The ans', 'wer is long.', '']);
    expect(heard).toEqual([]);
  });

  it('hears Ctrl-C while an answer streams, without a line for it', async () => {
    const { screen, heard, type, shown } = terminal();
    screen.write('Streaming');
    await type('\x03');
    expect(heard).toEqual(['interrupt']);
    expect(shown()).toEqual(['Streaming']);
  });

  it('ends with Ctrl-D', async () => {
    const { screen, heard, type } = terminal();
    screen.expect('› ');
    await type('\x04');
    expect(heard).toEqual(['end']);
  });

  it('takes pasted lines for one message', async () => {
    const { screen, heard, type, shown } = terminal();
    screen.expect('› ');
    await type('see: \x1b[200~one\r\ntwo\nthree\x1b[201~');
    expect(heard).toEqual([]);
    expect(shown()).toEqual(['› see: one⏎two⏎three']);
    await type('\r');
    expect(heard).toEqual(['line see: one\ntwo\nthree']);
  });

  it('lends itself out and comes back', async () => {
    const { screen, io, shown, type, heard } = terminal();
    screen.expect('› ');
    const lent = await screen.lend(async () => {
      expect(io.in.isPaused()).toBe(true);
      screen.write('Meanwhile.\n');
      screen.expect('y/n ');
      expect(shown()).toEqual(['']);
      return 'done';
    });
    expect(lent).toBe('done');
    screen.expect('› ');
    await type('back\r');
    expect(heard).toEqual(['line back']);
    expect(shown()).toEqual(['Meanwhile.', '› back', '']);
  });

  it('leaves the cursor on a line of its own, and the terminal as it was', () => {
    const { screen, io, shown } = terminal();
    screen.write('half');
    screen.close();
    expect(shown()).toEqual(['half', '']);
    expect(io.stdout().endsWith('\x1b[?2004l')).toBe(true);
    expect(io.in.isPaused()).toBe(true);
  });
});
