/**
 * A command in another folder, as one command: so the rules judge what is run, the change of folder included. If there is no such
 * folder nothing runs.
 */
export function inFolder(command: string, folder: string | undefined): string {
  if (folder === undefined || folder === '.') return command;
  return `cd -- '${folder.replaceAll("'", `'\\''`)}' && {\n${command}\n}`;
}
