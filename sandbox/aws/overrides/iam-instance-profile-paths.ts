import { queryParameters, type Override } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** moto lists all instance profiles whatever the path; Karpenter would take each for one that it forgot, and delete it. */
export function listInstanceProfilesByPath({ moto }: OverrideContext): Override {
  return async (request) => {
    if (request.service !== "iam" || request.action !== "ListInstanceProfiles") return undefined;
    const prefix = queryParameters(request).get("PathPrefix") ?? "/";
    const response = await moto.forward(request);
    return { ...response, body: keepMembers(response.body.toString(), (member) => pathOf(member).startsWith(prefix)) };
  };
}

/** A profile's own path comes before or after its roles, whose members have paths too. */
function pathOf(profile: string): string {
  const own = profile.replace(/<Roles>[\s\S]*?<\/Roles>/, "");
  return /<Path>([^<]*)<\/Path>/.exec(own)?.[1] ?? "/";
}

/** Leaves out members of the outermost list. */
function keepMembers(xml: string, isKept: (member: string) => boolean): string {
  let [result, depth, start] = ["", 0, 0];
  let last = 0;
  for (const { 0: tag, index } of xml.matchAll(/<\/?member>/g)) {
    if (tag === "<member>") {
      if (depth === 0) {
        result += xml.slice(last, index);
        start = index;
      }
      depth += 1;
      continue;
    }
    depth -= 1;
    if (depth > 0) continue;
    last = index + tag.length;
    const member = xml.slice(start, last);
    if (isKept(member)) result += member;
  }
  return result + xml.slice(last);
}
