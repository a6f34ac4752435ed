import type { Override } from "../received.ts";
import type { OverrideContext } from "./context.ts";

const versionCalls = new Set(["CreateLaunchTemplateVersion", "DescribeLaunchTemplateVersions"]);

/** An entry of tagSpecificationSet that says "launch-template"; entries of its tagSet hold no further lists. */
const ownTags =
  /<item>\s*(?:<resourceType>launch-template<\/resourceType>\s*<tagSet>(?:(?!<\/tagSet>)[\s\S])*<\/tagSet>|<tagSet>(?:(?!<\/tagSet>)[\s\S])*<\/tagSet>\s*<resourceType>launch-template<\/resourceType>)\s*<\/item>/g;

/** moto shows a launch template's own tags among those that the template puts on instances. */
export function hideTemplatesOwnTags({ moto }: OverrideContext): Override {
  return async (request) => {
    if (request.service !== "ec2" || !versionCalls.has(request.action ?? "")) return undefined;
    const response = await moto.forward(request);
    const body = response.body.toString().replace(ownTags, "");
    return { ...response, body: body.replace(/<tagSpecificationSet>\s*<\/tagSpecificationSet>/g, "") };
  };
}
