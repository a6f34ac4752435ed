import { createClients } from "../../aws/clients.ts";
import { takeInventory, type Inventory } from "../../aws/inventory/index.ts";
import type { Category } from "../../aws/inventory/resource.ts";
import { readLock } from "../../config/lock-file.ts";
import type { HubctlError } from "../../errors.ts";
import { findReach, type Reach } from "../cluster-reach.ts";
import type { Installation } from "../installation.ts";
import { memo, type Memo } from "../memo.ts";
import { isOwn } from "./belongings.ts";

/** What is to become of homes, shared folders and secrets. */
export type DataChoice = "keep" | "delete";

/** A deployment that is being taken away. */
export interface Cleanup extends Installation {
  readonly data: DataChoice;
  /** Go on though the hub's accounts could not be copied. */
  readonly withoutHubDatabase: boolean;
  /** The id that proves in AWS what is this deployment's. */
  readonly id: string;
  readonly reach: Memo<Reach>;
  /** What AWS shows of this deployment alone; forgotten by every step that changes something. */
  readonly inventory: Memo<Inventory>;
  /** The same, asked anew, and of these categories only. */
  takeInventory(categories?: readonly Category[]): Promise<Inventory>;
  /** Of steps without which the list went on, by their ids. */
  readonly failures: Map<string, HubctlError>;
  /** Why AWS has not deleted something, by its key. */
  readonly refusals: Map<string, string>;
}

/** Throttled calls are made again, ever more slowly. */
const pace = { retryMode: "adaptive", maxAttempts: 10 } as const;

export function asCleanup(
  installation: Installation,
  options: Pick<Cleanup, "data" | "id"> & Partial<Pick<Cleanup, "withoutHubDatabase">>,
): Cleanup {
  const { aws, config, deployment } = installation;
  const { id } = options;
  const take = async (categories?: readonly Category[]): Promise<Inventory> => {
    const { account } = await installation.caller();
    const clientsIn = (region: string) => createClients(region, config.aws, pace);
    const whole = await takeInventory(clientsIn(aws.region), {
      account,
      heldLock: config.name,
      clientsIn,
      ...(categories && { categories }),
    });
    return { ...whole, resources: whole.resources.filter((one) => isOwn(one, { id, name: config.name })) };
  };
  const lock = readLock(deployment.lockFile);
  return Object.assign(installation, {
    withoutHubDatabase: false,
    ...options,
    reach: memo(async () => {
      // Terraform of a killed run may be taking the cluster away: it is asked, or called gone, when that is over.
      await installation.stacks.cluster.follow();
      return findReach(installation, id);
    }),
    inventory: memo(() => take()),
    takeInventory: take,
    failures: new Map<string, HubctlError>(),
    refusals: new Map<string, string>(),
    // As recorded: what a configuration would add to it by now is of no use any more, and may not even exist.
    ...(lock && { lock: memo(() => Promise.resolve({ lock, recorded: true })) }),
  });
}
