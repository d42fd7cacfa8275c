/**
 * ALFWorld's task sentences, for grammars that leave the goal open (`UNKNOWN GOAL`).
 *
 * The original draws one of two sentences without a seed; here a game always has the same one, chosen by its id.
 * @module
 */
import { z } from "zod";

/** Where the sentence goes. */
export const OPEN_GOAL = "UNKNOWN GOAL";

/** The part of `traj_data.json` that names the task. */
export interface TaskData {
  /** One of ALFWorld's task types. */
  readonly task_type: string;
  /** What the task is about; names like `Tomato`, empty where there is none. */
  readonly pddl_params: {
    readonly object_target: string;
    readonly parent_target: string;
    readonly toggle_target: string;
  };
}

/** Schema of {@linkcode TaskData}. */
export const taskData: z.ZodType<TaskData> = z.object({
  task_type: z.string(),
  pddl_params: z.object({
    object_target: z.string(),
    parent_target: z.string().default(""),
    toggle_target: z.string().default(""),
  }),
});

type Sentence = (object: string, place: string, lamp: string) => string;

const SENTENCES: Readonly<Record<string, readonly [Sentence, Sentence]>> = {
  pick_and_place_simple: [
    (object, place) => `put a ${object} in ${place}`,
    (object, place) => `put some ${object} on ${place}`,
  ],
  look_at_obj_in_light: [
    (object, _, lamp) => `look at ${object} under the ${lamp}`,
    (object, _, lamp) => `examine the ${object} with the ${lamp}`,
  ],
  pick_clean_then_place_in_recep: treated("clean", "clean"),
  pick_heat_then_place_in_recep: treated("hot", "heat"),
  pick_cool_then_place_in_recep: treated("cool", "cool"),
  pick_two_obj_and_place: [
    (object, place) => `put two ${object} in ${place}`,
    (object, place) => `find two ${object} and put them in ${place}`,
  ],
};

function treated(how: string, verb: string): [Sentence, Sentence] {
  return [
    (object, place) => `put a ${how} ${object} in ${place}`,
    (object, place) => `${verb} some ${object} and put it in ${place}`,
  ];
}

/** The task types that have sentences, in the order of a curriculum. */
export const TASK_TYPES: readonly string[] = Object.keys(SENTENCES);

/** The task of a game in words. Throws a RangeError for a task type that has none. */
export function taskSentence({ task_type, pddl_params }: TaskData, id: string): string {
  const sentences = SENTENCES[task_type];
  if (sentences === undefined) {
    throw new RangeError(
      `expected one of ALFWorld's task types (${TASK_TYPES.join(", ")}), got "${task_type}"`,
    );
  }
  const { object_target, parent_target, toggle_target } = pddl_params;
  const sum = [...id].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0);
  const [object, place, lamp] = [object_target, parent_target, toggle_target]
    .map((name) => name.toLowerCase()) as [string, string, string];
  return sentences[sum % 2 === 0 ? 0 : 1](object, place, lamp);
}
