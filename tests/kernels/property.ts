/**
 * Properties over random cases. Each case has a seed of its own, named when it fails; setting the
 * environment variable PROPERTY_SEED to it runs that case alone.
 * @module
 */
import { deriveSeed, Random } from "../../std/random.ts";

/** Runs `holds` for `cases` random cases; throws what the first failing one threw, with its seed. */
export async function forAll(
  cases: number,
  holds: (random: Random) => Promise<void>,
): Promise<void> {
  const wanted = Deno.env.get("PROPERTY_SEED");
  const seeds = wanted === undefined
    ? Array.from({ length: cases }, (_, i) => deriveSeed(20240219, i))
    : [Number(wanted)];
  for (const [i, seed] of seeds.entries()) {
    try {
      await holds(new Random(seed));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`case ${i} (PROPERTY_SEED=${seed}): ${message}`, {
        cause: error,
      });
    }
  }
}

/** A whole number, uniform in low..high, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + random.below(high - low + 1);
}

/** Numbers around zero: the sum of four uniform ones, of variance `scale²` / 3. */
export function numbers(
  random: Random,
  count: number,
  scale = 1,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => {
    const sum = random.next() + random.next() + random.next() + random.next();
    return scale * (sum - 2);
  });
}
