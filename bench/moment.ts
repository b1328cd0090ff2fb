/** The present moment on a clock that all processes of the machine share, in microseconds, as text. */
export const nowText = (): string => String(nowMicros());

/** Milliseconds since a moment that another process wrote down. */
export const sinceMs = (moment: string): number => (nowMicros() - Number(moment)) / 1_000;

/** `hrtime` is the system's monotonic clock, which begins at the same time for every process. */
const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
