import type { ObjectChange } from "../engine/object-change.ts";
import type { RunningServers } from "./running-servers.ts";

/** The gravest first. */
export const effects = [
  "data-lost",
  "servers-stop",
  "hub-down",
  "connections-cut",
  "new-nodes",
  "new-servers",
  "none",
] as const;
export type Effect = (typeof effects)[number];

/** What changes mean for the people who use the hub. */
export interface Consequence {
  effect: Effect;
  text: string;
  /** What it follows from. */
  because: string[];
}

export function findConsequences(
  _changes: readonly ObjectChange[],
  _servers: RunningServers | undefined,
): Consequence[] {
  throw new Error("not yet");
}
