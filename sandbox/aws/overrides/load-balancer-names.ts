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

const typed =
  /loadbalancer\/app\/[^/]+\/([0-9a-f]+)<\/LoadBalancerArn>(?:(?!<LoadBalancerArn>)[\s\S])*?<Type>(application|network|gateway)<\/Type>/g;
const arn = /(loadbalancer|listener|listener-rule)\/app\/([^/"<\s]+)\/([0-9a-f]+)/g;
/** Where moto lists load balancers, these follow one another. */
const named =
  /(loadbalancer\/app\/([^/]+)\/([0-9a-f]+)<\/LoadBalancerArn>)<DNSName>[^<]*<\/DNSName><CanonicalHostedZoneId>[^<]*<\/CanonicalHostedZoneId>/g;

/**
 * moto calls every load balancer an application load balancer in its ARN, names and places them all alike, and forgets
 * the scheme that nobody named.
 * Callers see "net/", a name with the load balancer's id, and the region's zone; moto gets back what it said.
 */
export function nameLoadBalancers({ moto }: OverrideContext): Override {
  /** Type by the id at the end of the ARN. */
  const types = new Map<string, string>();

  const learn = (xml: string) => {
    for (const [, id = "", type = ""] of xml.matchAll(typed)) types.set(id, type);
  };

  const rename = async (text: string, request: ReceivedRequest): Promise<string> => {
    learn(text);
    const { region } = request;
    if ([...text.matchAll(arn)].some(([, , , id = ""]) => !types.has(id))) {
      const call = { service: "elasticloadbalancing", region, account: request.caller.account };
      learn((await moto.query(call, "DescribeLoadBalancers", {})).body.toString());
    }
    const isNetwork = (id: string) => types.get(id) === "network";
    return text
      .replace(named, (whole, start: string, name: string, id: string) => {
        const zone = networkZones[region];
        if (!isNetwork(id) || zone === undefined) return whole;
        const host = `${name}-${id}.elb.${region}.amazonaws.com`;
        return `${start}<DNSName>${host}</DNSName><CanonicalHostedZoneId>${zone}</CanonicalHostedZoneId>`;
      })
      .replace(arn, (whole, kind: string, name: string, id: string) =>
        isNetwork(id) ? `${kind}/net/${name}/${id}` : whole,
      );
  };

  return async (request) => {
    if (!services.has(request.service)) return undefined;
    const sent = withScheme(request).replace(/(loadbalancer|listener|listener-rule)(%2F|\/)net(%2F|\/)/g, "$1$2app$3");
    const response = await moto.forward(request, sent);
    // Not answered here, so that the front says what it says of everything unknown.
    if (response.status >= 500) return undefined;
    const text = response.body.toString();
    return text.includes("/app/") ? { ...response, body: await rename(text, request) } : response;
  };
}

/** AWS makes what does not say that it is internal internet-facing, and says so afterwards; moto says nothing. */
function withScheme({ action, body }: ReceivedRequest): string {
  const text = body.toString("utf8");
  const isSilent = action === "CreateLoadBalancer" && !new URLSearchParams(text).has("Scheme");
  return isSilent ? `${text}&Scheme=internet-facing` : text;
}
