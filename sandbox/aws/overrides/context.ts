import type { Identities } from "../identities.ts";
import type { MotoClient } from "../moto-client.ts";
import type { Notes } from "../notes.ts";

/** What an override may use. */
export interface OverrideContext {
  moto: MotoClient;
  identities: Identities;
  notes: Notes;
  /** The sandbox's main account and region. */
  account: string;
  region: string;
  /** Folder of what lies on file systems and disks. */
  volumes: string;
}
