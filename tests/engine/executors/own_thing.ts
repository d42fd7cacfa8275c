import { z } from "zod";

export default {
  name: "own",
  version: "1",
  description: "A user's own module, for the slot.",
  with: z.strictObject({ colour: z.string().default("red") }),
};
