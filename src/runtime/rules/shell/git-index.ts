/**
 * The paths in an index of git that are repositories themselves, where git looks with their settings; null where that cannot be told.
 * Source of the form: gitformat-index(5).
 */
export function gitLinks(index: Buffer): readonly string[] | null {
  const version = index.readUInt32BE(4);
  if (index.toString('latin1', 0, 4) !== 'DIRC' || version < 2 || version > 4) return null;
  const links: string[] = [];
  let at = 12;
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const isLink = (index.readUInt32BE(at + 24) & 0xf000) === 0xe000;
    const isExtended = version > 2 && (index.readUInt16BE(at + 60) & 0x4000) !== 0;
    const name = at + (isExtended ? 64 : 62);
    const end = index.indexOf(0, version < 4 ? name : afterNumber(index, name));
    // In the fourth version a name is only told as how it differs from the one before.
    if (end === -1 || (isLink && version === 4)) return null;
    if (isLink) links.push(index.toString('utf8', name, end));
    at = version < 4 ? at + ((end - at + 8) & ~7) : end + 1;
  }
  // The rest of the entries may lie in another file.
  return index.toString('latin1', at, at + 4) === 'link' ? null : links;
}

function afterNumber(index: Buffer, at: number): number {
  let next = at;
  while (((index[next] ?? 0) & 0x80) !== 0) next += 1;
  return next + 1;
}
