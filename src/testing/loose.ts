/** Reading of frames that nobody has checked: what is not there is empty. */
export type Fields = Readonly<Record<string, unknown>>;
export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? { ...value } : {};
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
