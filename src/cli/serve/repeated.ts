import { parseArgs } from 'node:util';

/** Every value of a flag that may be given several times, also separated by commas. */
export function repeated(raw: readonly string[], name: string): readonly string[] {
  const options = { [name]: { type: 'string', multiple: true } } as const;
  const { values } = parseArgs({ args: [...raw], options, strict: false, allowPositionals: true });
  const given = values[name];
  const texts = Array.isArray(given) ? given.filter((one) => typeof one === 'string') : [];
  return texts.flatMap((text) => text.split(',')).filter((text) => text !== '');
}
