import type { Inventory } from "../../aws/inventory/index.ts";
import { categories, categoryNames, type Resource } from "../../aws/inventory/resource.ts";

/** Of this deployment, or claimed by it among others; a namesake with another id is somebody else. */
export function isOwn({ owners }: Resource, { id, name }: { id: string; name: string }): boolean {
  return owners.some((owner) => (owner.id === undefined ? owner.deployment === name : owner.id === id));
}

/** What --data keep keeps, whether or not Terraform's state still knows it. */
export function isData({ stack }: Resource): boolean {
  return stack === "storage";
}

/** Data proper: the records in the state bucket are only there to find it again. */
export function isKeptData(resource: Resource): boolean {
  return isData(resource) && resource.category !== "terraform-state" && !resource.going;
}

/** Ours alone, beyond doubt. */
export function isProved({ state }: Resource): boolean {
  return state !== "conflict";
}

/** What keeps a cleanup from having left nothing; `keepsData` sets what stays on purpose aside. */
export function leftoversIn({ resources }: Inventory, keepsData: boolean): Resource[] {
  return resources.filter(
    (resource) =>
      resource.category !== "terraform-state" &&
      resource.going?.waits !== "days" &&
      !(keepsData && isData(resource) && isProved(resource)),
  );
}

/** "3 volumes, 1 VPC" */
export function countByCategory(resources: readonly Resource[]): string {
  return categoryNames
    .flatMap((category) => {
      const count = resources.filter((resource) => resource.category === category).length;
      return count === 0 ? [] : [`${count} ${inSentence(categories[category], count)}`];
    })
    .join(", ");
}

/** "Volumes" as "volume" or "volumes"; abbreviations and names keep their letters. */
function inSentence(title: string, count: number): string {
  const text = /^([A-Z]{2}|Route 53|Terraform)/.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1);
  if (count > 1) return text;
  return text.replace(/ies(?= |$)|(?<=alias)es$|(?<=[^s])s(?= in |$)/, (end) => (end === "ies" ? "y" : ""));
}
