import type { Override } from "../received.ts";
import type { OverrideContext } from "./context.ts";
import { answerSts } from "./sts.ts";
import { registerAccessKeys } from "./iam-access-keys.ts";

/** What moto lacks or gets wrong, one file per call or service; the first that answers wins. */
export function createOverrides(context: OverrideContext): Override[] {
  return [answerSts(context), registerAccessKeys(context)];
}
