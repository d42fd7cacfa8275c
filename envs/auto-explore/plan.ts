/**
 * The shortest way to a file: what the teacher does next, and the whole optimal path.
 *
 * From a place where the file can be identified: `id`. In its folder: read it where the page shows it, else
 * `ls`. Above it: into the next folder on the way, else `ls`. Anywhere else: `cd ..`. With several targets,
 * the one that takes the fewest commands from here, pages included: each way is walked to know.
 * @module
 */
import type { Tree, TreeFile, TreeFolder } from "./tree.ts";
import { type Command, Walk, type WalkSettings } from "./walk.ts";

/** Commands after which nobody looks further. */
const MOST = 1000;

/**
 * The next command on the shortest way to one of the targets, of ways of at most `left` commands; the walk is not
 * changed.
 */
export function nextCommand(
  walk: Walk,
  targets: readonly TreeFile[],
  left = MOST,
): Command | undefined {
  const commands = walk.commands();
  const known = commands.find((command) => command.verb === "id" && targets.includes(command.file));
  if (known !== undefined) return known;
  const nearest = nearestOf(walk, targets, left);
  return nearest && towards(walk, commands, nearest);
}

/** The target that takes the fewest commands; the first of several. */
function nearestOf(
  walk: Walk,
  targets: readonly TreeFile[],
  left: number,
): TreeFile | undefined {
  const [first, ...others] = targets;
  if (first === undefined || others.length === 0) return first;
  let nearest = first;
  let fewest = commandsTo(walk, first, left);
  for (const target of others) {
    const count = commandsTo(walk, target, fewest);
    if (count < fewest) [nearest, fewest] = [target, count];
  }
  return nearest;
}

/** Commands until a file can be identified, as far as they are fewer than `most`. */
function commandsTo(walk: Walk, target: TreeFile, most: number): number {
  const copy = walk.copy();
  for (let count = 0; count < most; count++) {
    const command = nextCommand(copy, [target]);
    if (command === undefined) return most;
    if (command.verb === "id") return count;
    copy.take(command);
  }
  return most;
}

/** The texts of all commands from the root to the identification of one of the targets, at most `most` of them. */
export function optimalPath(
  tree: Tree,
  targets: readonly TreeFile[],
  settings: WalkSettings,
  most = MOST,
): string[] {
  const walk = new Walk(tree, settings);
  const path: string[] = [];
  while (path.length < most) {
    const command = nextCommand(walk, targets, most - path.length);
    if (command === undefined) break;
    path.push(command.text);
    if (command.verb === "id") break;
    walk.take(command);
  }
  return path;
}

function towards(
  walk: Walk,
  commands: readonly Command[],
  target: TreeFile,
): Command | undefined {
  const way = wayTo(target.folder);
  const here = way.indexOf(walk.folder);
  const list = commands[0];
  if (here < 0) {
    const { parent } = walk.folder;
    return commands.find((command) => command.verb === "cd" && command.folder === parent);
  }
  const next = way[here + 1];
  const direct = commands.find((command) =>
    next === undefined
      ? "file" in command && command.file === target && command.verb !== "id"
      : command.verb === "cd" && command.folder === next
  );
  return direct ?? list;
}

/** Folders from the root to this one. */
function wayTo(folder: TreeFolder): TreeFolder[] {
  const way = [folder];
  for (let above = folder.parent; above !== undefined; above = above.parent) way.unshift(above);
  return way;
}
