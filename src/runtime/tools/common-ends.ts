/** Characters compared in one go: the engine does that many times faster than one by one. */
const stride = 8_192;

/** How many characters two texts begin with in common. */
export function commonStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let same = 0;
  while (same + stride <= most && a.slice(same, same + stride) === b.slice(same, same + stride))
    same += stride;
  while (same < most && a.charCodeAt(same) === b.charCodeAt(same)) same += 1;
  return same;
}

/** How many they end with in common, at most `most`. */
export function commonEnd(a: string, b: string, most: number): number {
  const last = (text: string, from: number, to: number) => text.slice(text.length - to, text.length - from);
  let same = 0;
  while (same + stride <= most && last(a, same, same + stride) === last(b, same, same + stride))
    same += stride;
  while (same < most && a.charCodeAt(a.length - 1 - same) === b.charCodeAt(b.length - 1 - same)) same += 1;
  return same;
}
