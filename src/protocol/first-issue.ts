import type * as z from 'zod';

/**
 * `abortEarly` is what zod's own `validate` sets and its types do not name. Without it each of four million wrong items of a list would
 * cost an issue of 700 bytes (LINK-3).
 */
const stopAtFirst = { reportInput: false, abortEarly: true };

/** What is wrong with a value, as far as the first fault, or undefined when nothing is. Never throws. */
export function firstIssue(schema: z.ZodType, value: unknown): z.core.$ZodIssue | undefined {
  try {
    return schema.safeParse(value, stopAtFirst).error?.issues[0];
  } catch (error) {
    // zod measures the `length` of whatever stands in a text's place, and an object may have one that is no measure.
    if (error instanceof TypeError) return { code: 'custom', path: [], message: immeasurable };
    throw error;
  }
}

const immeasurable = 'has an object in the place of a text, with a length that is no number';
