/**
 * Our environments, made and played as trainers do: several at once, one step each in turn.
 * @module
 */
import type { Environment } from "../../envs/environment.ts";
import { makeEnvironment } from "../../envs/make.ts";
import type { StepsTask } from "../protocol.ts";
import { type Prepared, timed } from "../serve.ts";

/** Makes the instances and plays the episodes once. */
export async function openSteps({ environment, options, instances, episodes }: StepsTask): Promise<
  Prepared
> {
  const players = await Promise.all(
    Array.from({ length: instances }, () => makeEnvironment(environment, options)),
  );
  return {
    check: await replay(players, episodes),
    measure: (repetitions) =>
      timed(repetitions, async () => {
        for (let i = 0; i < repetitions; i++) await replay(players, episodes);
      }),
    close: () => {},
  };
}

/** Plays the episodes, as many at a time as there are players. Gives the state each ended in; 0 for one that is no number. */
async function replay(
  players: readonly Environment[],
  episodes: StepsTask["episodes"],
): Promise<number[]> {
  const ends: number[] = [];
  for (let first = 0; first < episodes.length; first += players.length) {
    const group = episodes.slice(first, first + players.length);
    let last = await Promise.all(group.map(({ seed }, i) => players[i]!.reset({ seed })));
    const longest = Math.max(...group.map(({ labels }) => labels.length));
    for (let step = 0; step < longest; step++) {
      last = await Promise.all(group.map(({ labels }, i) => {
        const label = labels[step];
        return label === undefined ? last[i]! : players[i]!.step(label);
      }));
    }
    ends.push(...last.map(({ info }) => typeof info.state === "number" ? info.state : 0));
  }
  return ends;
}
