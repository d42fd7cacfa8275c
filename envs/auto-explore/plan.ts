/**
 * The shortest way to a file: what the teacher does next, and the whole optimal path.
 *
 * From a place where the file can be identified: `id`. In its folder: read it where the page shows it, else
 * `ls`. Above it: into the next folder on the way, else `ls`. Anywhere else: `cd ..`. With several targets,
 * the one that takes the fewest commands from here.
 * @module
 */
import type { Tree, TreeFile, TreeFolder } from "./tree.ts";
import { type Command, Walk, type WalkSettings } from "./walk.ts";

/** The next command on the shortest way to one of the targets; the walk is not changed. */
export function nextCommand(walk: Walk, targets: readonly TreeFile[]): Command | undefined {
  const commands = walk.commands();
  const known = commands.find((command) => command.verb === "id" && targets.includes(command.file));
  if (known !== undefined) return known;
  let best: { readonly command: Command; readonly far: number } | undefined;
  for (const target of targets) {
    const far = distance(walk.folder, target);
    if (best !== undefined && best.far <= far) continue;
    const command = towards(walk, commands, target);
    if (command !== undefined) best = { command, far };
  }
  return best?.command;
}

/** The texts of all commands from the root to the identification of one of the targets, at most `most` of them. */
export function optimalPath(
  tree: Tree,
  targets: readonly TreeFile[],
  settings: WalkSettings,
  most = 1000,
): string[] {
  const walk = new Walk(tree, settings);
  const path: string[] = [];
  while (path.length < most) {
    const command = nextCommand(walk, targets);
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

/** How many folders have to be left and entered. */
function distance(from: TreeFolder, { folder }: TreeFile): number {
  const [one, two] = [wayTo(from), wayTo(folder)];
  let shared = 0;
  while (one[shared] !== undefined && one[shared] === two[shared]) shared++;
  return one.length + two.length - 2 * shared;
}
