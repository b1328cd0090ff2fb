/** The present moment in milliseconds on a clock that all processes of the machine share: the system's monotonic one, from which `hrtime` reads. */
export const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** The same in microseconds, as text. */
export const nowText = (): string => String(process.hrtime.bigint() / 1_000n);

/** Milliseconds since a moment that another process wrote down. */
export const sinceMs = (moment: string): number => nowMs() - Number(moment) / 1_000;
