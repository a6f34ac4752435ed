import { escapeXml } from "../answers.ts";
import { queryParameters } from "../received.ts";
import type { Override } from "../received.ts";
import type { AwsResponse } from "../types.ts";
import type { OverrideContext } from "./context.ts";

const ruleId = /<securityGroupRuleId>([^<]+)<\/securityGroupRuleId>/g;
const source = /^IpPermissions\.(\d+)\.(?:Groups|PrefixListIds)\.(\d+)\.(GroupId|PrefixListId|Description)$/;

/** Descriptions in an Authorize call by the group or prefix list that they describe. */
function descriptionsOfSources(parameters: URLSearchParams): Map<string, string> {
  const sources = new Map<string, { id?: string; description?: string }>();
  for (const [name, value] of parameters) {
    const match = source.exec(name);
    if (!match) continue;
    const key = `${match[1] ?? ""}.${match[2] ?? ""}`;
    const field = match[3] === "Description" ? "description" : "id";
    sources.set(key, { ...sources.get(key), [field]: value });
  }
  return new Map(
    [...sources.values()].flatMap(({ id, description }) =>
      id === undefined || description === undefined ? [] : [[id, description] as const],
    ),
  );
}

/** moto forgets the description of a rule whose other side is a group or a prefix list. */
export function keepRuleDescriptions({ moto, notes }: OverrideContext): Override {
  const descriptions = notes.map("rule-descriptions");

  const describe = (response: AwsResponse): AwsResponse => ({
    ...response,
    body: response.body.toString().replace(ruleId, (element, id: string) => {
      const description = descriptions.get(id);
      return description === undefined ? element : `${element}<description>${escapeXml(description)}</description>`;
    }),
  });

  return async (request) => {
    if (request.service !== "ec2") return undefined;
    switch (request.action ?? "") {
      case "AuthorizeSecurityGroupIngress":
      case "AuthorizeSecurityGroupEgress": {
        const response = await moto.forward(request);
        const bySource = descriptionsOfSources(queryParameters(request));
        // An item runs up to the next rule's id.
        for (const part of response.body.toString().split("<securityGroupRuleId>").slice(1)) {
          const other = /<(?:referencedGroupInfo>\s*<groupId|prefixListId)>([^<]+)</.exec(part)?.[1] ?? "";
          const description = bySource.get(other);
          if (description !== undefined) descriptions.set(part.split("<")[0] ?? "", description);
        }
        return describe(response);
      }
      case "ModifySecurityGroupRules": {
        const response = await moto.forward(request);
        const parameters = queryParameters(request);
        for (const [name, id] of parameters) {
          if (!/^SecurityGroupRule\.\d+\.SecurityGroupRuleId$/.test(name) || response.status >= 300) continue;
          const rule = name.replace("SecurityGroupRuleId", "SecurityGroupRule");
          if (!parameters.has(`${rule}.ReferencedGroupId`) && !parameters.has(`${rule}.PrefixListId`)) continue;
          descriptions.set(id, parameters.get(`${rule}.Description`) ?? "");
        }
        return response;
      }
      case "DescribeSecurityGroupRules":
        return describe(await moto.forward(request));
      default:
        return undefined;
    }
  };
}
