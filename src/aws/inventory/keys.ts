import { DescribeKeyCommand, paginateListAliases } from "@aws-sdk/client-kms";
import { prices } from "../../cost/prices.ts";
import type { Found } from "./resource.ts";
import { mapFew, unlessGone, type Scope } from "./scope.ts";

export async function findKeys(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.kms();
  const found = await mapFew(await scope.tagged("kms"), async ({ arn, tags }): Promise<Found[]> => {
    const answer = await unlessGone(client.send(new DescribeKeyCommand({ KeyId: arn })));
    const { KeyId: id, Description, CreationDate, KeyState, DeletionDate } = answer?.KeyMetadata ?? {};
    if (id === undefined) return [];
    const isGoing = KeyState === "PendingDeletion" || KeyState === "PendingReplicaDeletion";
    return [
      {
        category: "kms-keys",
        id,
        arn,
        name: Description,
        created: CreationDate,
        tags,
        monthlyCost: isGoing ? 0 : prices.key,
        ...(isGoing && { going: { words: waitingUntil(DeletionDate), waits: "days" } }),
      },
    ];
  });
  return found.flat();
}

export async function findKeyAliases(scope: Scope): Promise<Found[]> {
  const client = await scope.aws.rare.kms();
  const found = await mapFew(await scope.found("kms-keys"), async ({ id: KeyId, going }): Promise<Found[]> => {
    const aliases: Found[] = [];
    for await (const { Aliases = [] } of paginateListAliases({ client }, { KeyId })) {
      for (const { AliasName: id = "", AliasArn, CreationDate } of Aliases)
        aliases.push({
          category: "kms-aliases",
          id,
          arn: AliasArn,
          created: CreationDate,
          tags: {},
          partOf: [KeyId],
          sharesStack: true,
          monthlyCost: 0,
          // It stays with its key to the end, unless it is deleted.
          ...(going && { going }),
        });
    }
    return aliases;
  });
  return found.flat();
}

/** "is gone on 2026-12-01", of what AWS keeps for some days. */
export function waitingUntil(date: Date | undefined): string {
  return date ? `gone on ${date.toISOString().slice(0, 10)}` : "waiting for its end";
}
