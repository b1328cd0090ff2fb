/** A row that may go. */
type Candidate = { readonly at: number; readonly bytes: number };

/** Rows of each sort that one batch looks at: a few milliseconds of work. */
export const trimBatch = 500;

/**
 * The rows of one batch that go, in the order of their age: those before `olderThan`, and more until `excess` bytes are freed.
 * Events go from the front only, so that what is left of a log has no holes. Where a full list is used up nothing more
 * goes: what follows it may be older than the rest of the other.
 */
export function chooseTrim<Event extends Candidate, Delta extends Candidate>(
  events: readonly Event[],
  deltas: readonly Delta[],
  limit: { readonly olderThan: number; readonly excess: number },
): { readonly events: readonly Event[]; readonly deltas: readonly Delta[] } {
  let takenEvents = 0;
  let takenDeltas = 0;
  let freed = 0;
  for (;;) {
    const event = events[takenEvents];
    const delta = deltas[takenDeltas];
    if (!event && events.length >= trimBatch) break;
    if (!delta && deltas.length >= trimBatch) break;
    const next = !delta || (event && event.at <= delta.at) ? event : delta;
    if (!next || (next.at >= limit.olderThan && freed >= limit.excess)) break;
    freed += next.bytes;
    if (next === event) takenEvents += 1;
    else takenDeltas += 1;
  }
  return { events: events.slice(0, takenEvents), deltas: deltas.slice(0, takenDeltas) };
}
