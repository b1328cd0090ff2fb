const address = String.raw`(?:\d+(?:~\d+)?|\$|\/(?:[^\/\\\n\[]|\\.)*\/[IM]*)`;
const between = new RegExp(String.raw`(?:${address}(?:\s*,\s*(?:${address}|[+~]\d+))?\s*(?:!\s*)*)?`, 'y');
const blank = /[\s;]*/y;
const simple = /(?:[dDgGhHnNpPxz=F]|l\d*|[qQ]\d*)(?=\s*(?:[;}\n]|$))/y;
const brace = /[{}]/y;
/** `s` and `y` with a sign that means nothing else; brackets in front of the sign could hold it, so there are none. */
const exchange =
  /([sy])([/|,#:@!%_])((?:(?!\2)[^\\\n[]|\\[\s\S])*)\2((?:(?!\2)[^\\\n]|\\[\s\S])*)\2([gpiIM0-9]*)(?=\s*(?:[;}\n]|$))/y;
const bracketed =
  /s\/((?:[^\\\n[/]|\\[\s\S]|\[\^?\]?[^\]/\\\n]*\])*)\/((?:[^\\\n/]|\\[\s\S])*)\/([gpiIM0-9]*)(?=\s*(?:[;}\n]|$))/y;

/** Whether every command of a sed script is one that neither runs, reads nor writes anything else. */
export function scriptOnlyReads(script: string): boolean {
  if (script.length > 2_000) return false;
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(script);
    if (!found) return false;
    at = pattern.lastIndex;
    return true;
  };
  while (true) {
    skip(blank);
    if (at >= script.length) return true;
    skip(between);
    if (![simple, brace, exchange, bracketed].some(skip)) return false;
  }
}
