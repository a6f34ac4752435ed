import type { ObjectChange } from "../engine/object-change.ts";
import { effectOfObject } from "./effects-in-cluster.ts";
import { effectOfResource } from "./effects-in-aws.ts";
import type { RunningServers } from "./running-servers.ts";

/** The gravest first. */
const effects = [
  "data-lost",
  "servers-stop",
  "hub-down",
  "connections-cut",
  "new-nodes",
  "new-servers",
  "none",
] as const;
type Effect = (typeof effects)[number];

/** What changes mean for the people who use the hub. */
export interface Consequence {
  effect: Effect;
  text: string;
  /** Addresses of what it follows from. */
  because: string[];
}

/** What one change means; the texts are whole sentences, so that the same is said once. */
export interface Meaning {
  effect: Effect;
  text: string;
}

export interface ConsequenceOptions {
  /** Undefined while there is no cluster that could have any. */
  servers: RunningServers | undefined;
  /** Addresses of what is deleted or made anew with all that it holds. */
  emptied: readonly string[];
}

/** Of what exists: what is created is in nobody's way. The gravest first; empty if nothing changes. */
export function findConsequences(
  changes: readonly ObjectChange[],
  { servers, emptied }: ConsequenceOptions,
): Consequence[] {
  const found = new Map<string, Consequence>();
  const add = ({ effect, text }: Meaning, address: string) => {
    const known = found.get(text) ?? { effect, text, because: [] };
    if (!known.because.includes(address)) known.because.push(address);
    found.set(text, known);
  };
  for (const address of emptied) add(dataLost, address);
  const existing = changes.filter(({ action }) => action !== "create");
  for (const change of existing) {
    for (const meaning of meaningsOf(change)) add(withCount(meaning, servers), change.what);
  }
  const sorted = [...found.values()].sort((one, other) => effects.indexOf(one.effect) - effects.indexOf(other.effect));
  // What is said of the rest would only blur what is said of the gravest.
  const grave = sorted.filter(({ effect }) => effect !== "none");
  return grave.length > 0 ? grave : sorted;
}

const dataLost: Meaning = { effect: "data-lost", text: "data is lost, for good" };

function meaningsOf(change: ObjectChange): Meaning[] {
  return change.type.startsWith("aws_") ? effectOfResource(change) : effectOfObject(change);
}

function withCount(meaning: Meaning, servers: RunningServers | undefined): Meaning {
  if (!servers || meaning.effect !== "servers-stop") return meaning;
  if (servers.servers === 0) return { ...meaning, text: `${meaning.text}; none is running now` };
  return { ...meaning, text: `${meaning.text}; ${describeServers(servers)} now` };
}

/** "3 servers of 2 users run" */
export function describeServers({ servers, users }: RunningServers): string {
  if (servers === 0) return "no server runs";
  const ofUsers = `of ${users} ${users === 1 ? "user" : "users"}`;
  return servers === 1 ? `1 server ${ofUsers} runs` : `${servers} servers ${ofUsers} run`;
}
