import { describe, expect, it } from 'vitest';
import { coloured, plain, styleFor } from './style.ts';

describe('colour', () => {
  it('is only for terminals, and not for those who want none', () => {
    expect(styleFor({ isTTY: true }, {})).toBe(coloured);
    expect(styleFor({}, {})).toBe(plain);
    expect(styleFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(plain);
    expect(styleFor({ isTTY: true }, { NO_COLOR: '' })).toBe(coloured);
    expect(styleFor({ isTTY: true }, { TERM: 'dumb' })).toBe(plain);
  });

  it('is taken back at the end of what it marks', () => {
    expect(coloured.red('no')).toBe('\x1b[31mno\x1b[39m');
    expect(plain.red('no')).toBe('no');
    expect(coloured.red('')).toBe('');
  });
});
