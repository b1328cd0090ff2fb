/** Signs that hide or are taken for something else: a command with them does not do what it seems to do. */
const misleading =
  /[\p{Cf}\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}|(?! )\p{Zs}|\u{115f}|\u{1160}|\u{3164}|\u{ffa0}|\u{34f}|\u{17b4}|\u{17b5}|[\u{180b}-\u{180f}]/u;

/** Whether a text holds control characters, invisible ones, or spaces that are none for the shell (PERM-4). */
export const isMisleading = (text: string): boolean => misleading.test(text);

const programs =
  /(?<![\w.-])(rm|mkfs[\w.]*|wipefs|[sc]?fdisk|s?gdisk|parted|blkdiscard|shred|dd|git|chmod|chown|chgrp|npm|pnpm|yarn|cargo|gem|twine|docker|podman|gh|shutdown|reboot|halt|poweroff|systemctl|kill|killall|pkill|crontab|terraform|tofu|kubectl|helm|aws|psql|mysql|mariadb|sqlite3|find|eval|(ba|da|z|k)?sh)(?![\w.-])/i;

/** By what a name may be written so that it is not seen in the text. */
const hiding = /['\\{}$`*?[\]]/;

/** Text that is too deep to be understood, by the names that stand in it: what may be grave is. */
export function roughReach(text: string): 'execute' | 'grave' | 'forbidden' {
  const bare = text.replace(/\\\n|["'\\]/g, '');
  if (/\.farhand\b|\bfarhand\s[^\n]*(approvals|rules|tokens|connect)/i.test(bare)) return 'forbidden';
  const mayHide = hiding.test(text.replace(/\$\(|[()"]/g, ' '));
  return mayHide || programs.test(bare) ? 'grave' : 'execute';
}
