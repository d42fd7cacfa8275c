import { inline } from "../../../engine/executors/inline.ts";
import { testExecutor } from "./contract.ts";

testExecutor("inline", inline);
