import { styleText } from 'node:util';

type Paint = (text: string) => string;

/** The few ways in which text is set apart; without colour each leaves it as it is. */
export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', Paint>>;

const same: Paint = (text) => text;
const painted =
  (format: keyof Style): Paint =>
  (text) =>
    text === '' ? '' : styleText(format, text, { validateStream: false });

export const plain: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
export const coloured: Style = {
  bold: painted('bold'),
  dim: painted('dim'),
  red: painted('red'),
  green: painted('green'),
  yellow: painted('yellow'),
  cyan: painted('cyan'),
};

/** Colour only on a terminal, and not where https://no-color.org asks for none. */
export const styleFor = (
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Style => (stream.isTTY && !env.NO_COLOR && env.TERM !== 'dumb' ? coloured : plain);
