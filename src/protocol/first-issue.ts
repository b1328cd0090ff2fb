import type * as z from 'zod';

/**
 * `abortEarly` is what zod's own `validate` sets and its types do not name. Without it each of four million wrong items of a list would
 * cost an issue of 700 bytes (LINK-3).
 */
const stopAtFirst = { reportInput: false, abortEarly: true };

/** What is wrong with a value, as far as the first fault, or undefined when nothing is. */
export const firstIssue = (schema: z.ZodType, value: unknown): z.core.$ZodIssue | undefined =>
  schema.safeParse(value, stopAtFirst).error?.issues[0];
