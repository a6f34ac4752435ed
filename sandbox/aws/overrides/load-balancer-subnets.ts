import { errorAnswer } from "../answers.ts";
import { queryParameters, type Override, type ReceivedRequest } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** moto puts a load balancer into any subnets; AWS wants one of a zone, and a way in if it is to have public addresses. */
export function checkLoadBalancerSubnets({ moto }: OverrideContext): Override {
  return async (request) => {
    if (request.service !== "elasticloadbalancing" || request.action !== "CreateLoadBalancer") return undefined;
    const parameters = queryParameters(request);
    const ids = subnetsIn(parameters);
    if (ids.length === 0) return undefined;
    const ask = (action: string, about: Record<string, string>) =>
      moto.query({ service: "ec2", region: request.region, account: request.caller.account }, action, about);
    const asked = Object.fromEntries(ids.map((id, index) => [`SubnetId.${index + 1}`, id]));
    const subnets = (await ask("DescribeSubnets", asked)).body.toString();
    const zones = textsOf(subnets, "availabilityZone");
    if (new Set(zones).size < zones.length) {
      return refuse(
        request,
        "InvalidConfigurationRequest",
        "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
      );
    }
    const [vpc = ""] = textsOf(subnets, "vpcId");
    if (parameters.get("Scheme") === "internal" || vpc === "") return undefined;
    const filter = { "Filter.1.Name": "attachment.vpc-id", "Filter.1.Value.1": vpc };
    const gateways = (await ask("DescribeInternetGateways", filter)).body.toString();
    if (textsOf(gateways, "internetGatewayId").length > 0) return undefined;
    return refuse(request, "InvalidSubnet", `VPC ${vpc} has no internet gateway`);
  };
}

function refuse(request: ReceivedRequest, code: string, message: string) {
  return errorAnswer(request, 400, code, message);
}

/** Named one by one, or with an address each. */
function subnetsIn(parameters: URLSearchParams): string[] {
  return [...parameters]
    .filter(([name]) => /^Subnets\.member\.\d+$|^SubnetMappings\.member\.\d+\.SubnetId$/.test(name))
    .map(([, id]) => id);
}

function textsOf(xml: string, tag: string): string[] {
  return [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, text = ""]) => text);
}
