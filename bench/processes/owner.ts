// The owner of a home and nothing else: what `farhand` runs when the first client comes, without a client of its own.
import { Member } from '../../src/cli/home/member.ts';
import { homePaths } from '../../src/cli/home/paths.ts';
import { ready } from '../child.ts';

const paths = homePaths(process.env);
if ('code' in paths) throw new Error(paths.message);
const member = new Member(paths, {
  cwd: process.cwd(),
  trouble: (what, error) => process.stderr.write(`${what}: ${error}\n`),
});
const refused = await member.join();
if (refused) throw new Error(refused.message);
ready({ socket: paths.socket }, () => member.leave());
