import type { Override, ReceivedRequest } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** moto's fleets start instances without the instance profile and security groups of their launch template. */
export function completeFleetInstances({ moto }: OverrideContext): Override {
  return async (request) => {
    if (request.service !== "ec2" || request.action !== "CreateFleet") return undefined;
    const response = await moto.forward(request);
    if (response.status >= 400) return response;
    for (const launched of readLaunched(response.body.toString())) await complete(moto, request, launched);
    return response;
  };
}

interface Launched {
  template: string;
  version: string;
  instanceIds: string[];
}

function readLaunched(answer: string): Launched[] {
  const sets = answer.split(/<launchTemplateSpecification>/).slice(1);
  return sets.map((set) => ({
    template: textOf(set, "launchTemplateId") ?? "",
    version: textOf(set, "version") ?? "$Default",
    instanceIds: itemsOf(set, "instanceIds"),
  }));
}

async function complete(moto: OverrideContext["moto"], request: ReceivedRequest, launched: Launched): Promise<void> {
  const call = { service: "ec2", region: request.region, account: request.caller.account };
  const described = await moto.query(call, "DescribeLaunchTemplateVersions", {
    LaunchTemplateId: launched.template,
    "LaunchTemplateVersion.1": launched.version,
  });
  const template = described.body.toString();
  const profile = /<iamInstanceProfile>([\s\S]*?)<\/iamInstanceProfile>/.exec(template)?.[1] ?? "";
  const name = textOf(profile, "name") ?? textOf(profile, "arn")?.split("/").at(-1);
  // With network interfaces in the template the groups are theirs, in a list without items.
  const ofInterfaces = /<groupSet>([\s\S]*?)<\/groupSet>/.exec(template)?.[1] ?? "";
  const groups = [
    ...itemsOf(template, "securityGroupIdSet"),
    ...[...ofInterfaces.matchAll(/<groupId>([^<]*)<\/groupId>/g)].map(([, group = ""]) => group),
  ];
  for (const InstanceId of launched.instanceIds) {
    if (name !== undefined) {
      await moto.query(call, "AssociateIamInstanceProfile", { InstanceId, "IamInstanceProfile.Name": name });
    }
    if (groups.length > 0) {
      const parameters = groups.map((group, index) => [`GroupId.${index + 1}`, group]);
      await moto.query(call, "ModifyInstanceAttribute", {
        InstanceId,
        ...(Object.fromEntries(parameters) as Record<string, string>),
      });
    }
  }
}

function textOf(xml: string, tag: string): string | undefined {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1];
}

/** The contents of the items of the first list of that name. */
function itemsOf(xml: string, list: string): string[] {
  const content = new RegExp(`<${list}>([\\s\\S]*?)</${list}>`).exec(xml)?.[1] ?? "";
  return [...content.matchAll(/<item>([\s\S]*?)<\/item>/g)].map(([, item = ""]) => item.trim());
}
