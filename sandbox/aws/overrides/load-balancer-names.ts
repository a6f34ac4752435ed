import type { Override, ReceivedRequest } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** Zones of network load balancers' names: https://docs.aws.amazon.com/general/latest/gr/elb.html */
const networkZones: Record<string, string> = {
  "ap-northeast-1": "Z31USIVHYNEOWT",
  "ap-northeast-2": "ZIBE1TIR4HY56",
  "ap-south-1": "ZVDDRBQ08TROA",
  "ap-southeast-1": "ZKVM4W9LS7TM",
  "ap-southeast-2": "ZCT6FZBF4DROD",
  "ca-central-1": "Z2EPGBW3API2WT",
  "eu-central-1": "Z3F0SRJ5LGBH90",
  "eu-north-1": "Z1UDT6IFJ4EJM",
  "eu-west-1": "Z2IFOLAFXWLO4F",
  "eu-west-2": "ZD4D7Y8KGAS4G",
  "eu-west-3": "Z1CMS0P5QUZ6D5",
  "sa-east-1": "ZTK26PT1VY4CU",
  "us-east-1": "Z26RNL4JYFTOTI",
  "us-east-2": "ZLMOA37VPKANP",
  "us-west-1": "Z24FKFUX50B4VW",
  "us-west-2": "Z18D5FSROUN65G",
};

const services = new Set(["elasticloadbalancing", "tagging", "acm"]);

const arnOfLoadBalancer = /(loadbalancer|listener|listener-rule)\/app\/([^/"<\s]+)\/([0-9a-f]+)/g;

/**
 * moto calls every load balancer an application load balancer in its ARN, and gives all the same hosted zone.
 * Callers see "net/" and the region's zone; moto gets back what it said.
 */
export function nameLoadBalancers({ moto }: OverrideContext): Override {
  /** Type by the id at the end of the ARN. */
  const types = new Map<string, string>();

  const learn = (xml: string) => {
    for (const [member] of xml.matchAll(
      /<member>(?:(?!<\/member>)[\s\S])*<LoadBalancerArn>[\s\S]*?<Type>[a-z]+<\/Type>/g,
    )) {
      const id = /loadbalancer\/app\/[^/]+\/([0-9a-f]+)/.exec(member)?.[1];
      const type = /<Type>([a-z]+)<\/Type>/.exec(member)?.[1];
      if (id !== undefined && type !== undefined) types.set(id, type);
    }
  };

  const rename = async (text: string, request: ReceivedRequest): Promise<string> => {
    const ids = [...text.matchAll(arnOfLoadBalancer)].map(([, , , id = ""]) => id);
    if (ids.some((id) => !types.has(id))) {
      const call = { service: "elasticloadbalancing", region: request.region, account: request.caller.account };
      learn((await moto.query(call, "DescribeLoadBalancers", {})).body.toString());
    }
    return text
      .replace(arnOfLoadBalancer, (whole, kind: string, name: string, id: string) =>
        types.get(id) === "network" ? `${kind}/net/${name}/${id}` : whole,
      )
      .replace(/Z2P70J7EXAMPLE/g, networkZones[request.region] ?? "Z2P70J7EXAMPLE");
  };

  return async (request) => {
    if (!services.has(request.service)) return undefined;
    const sent = request.body
      .toString("utf8")
      .replace(/(loadbalancer|listener|listener-rule)(%2F|\/)net(%2F|\/)/g, "$1$2app$3");
    const response = await moto.forward(request, sent);
    const text = response.body.toString();
    if (response.status >= 500 || !(text.includes("/app/") || text.includes("Z2P70J7EXAMPLE"))) {
      return response.status >= 500 ? undefined : response;
    }
    learn(text);
    return { ...response, body: await rename(text, request) };
  };
}
