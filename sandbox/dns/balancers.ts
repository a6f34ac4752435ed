import {
  DescribeListenersCommand,
  ElasticLoadBalancingV2Client,
  paginateDescribeLoadBalancers,
  type Listener,
  type LoadBalancer,
} from "@aws-sdk/client-elastic-load-balancing-v2";

/** A load balancer of the account that takes connections. */
export interface Balancer {
  arn: string;
  host: string;
  addresses: string[];
  isInternal: boolean;
}

interface AwsPlace {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

const secondsFresh = 1;
/** For documentation (https://www.rfc-editor.org/rfc/rfc5737): nobody on the internet has them. */
const publicRange = "203.0.113";
const privateRange = "10.255.255";

/** The simulated load balancers, with addresses that they keep for life. */
export class Balancers {
  readonly #client: ElasticLoadBalancingV2Client;
  readonly #addresses: Map<string, string>;
  #asked: { at: number; found: Promise<Balancer[]> } | undefined;

  /** `addresses` outlives this: by ARN, with commas between. */
  constructor(place: AwsPlace, addresses: Map<string, string>) {
    this.#client = new ElasticLoadBalancingV2Client(place);
    this.#addresses = addresses;
  }

  list(): Promise<Balancer[]> {
    if (!this.#asked || Date.now() - this.#asked.at > secondsFresh * 1000) {
      this.#asked = { at: Date.now(), found: this.#read() };
      this.#asked.found.catch(() => (this.#asked = undefined));
    }
    return this.#asked.found;
  }

  async byHost(host: string): Promise<Balancer | undefined> {
    return (await this.list()).find((balancer) => balancer.host === host.replace(/^dualstack\./, ""));
  }

  async byAddress(address: string): Promise<Balancer | undefined> {
    return (await this.list()).find(({ addresses }) => addresses.includes(address));
  }

  async listener({ arn }: Balancer, port: number): Promise<Listener | undefined> {
    const { Listeners = [] } = await this.#client.send(new DescribeListenersCommand({ LoadBalancerArn: arn }));
    return Listeners.find(({ Port }) => Port === port);
  }

  close(): void {
    this.#client.destroy();
  }

  async #read(): Promise<Balancer[]> {
    const found: Balancer[] = [];
    const present = new Set<string>();
    for await (const { LoadBalancers = [] } of paginateDescribeLoadBalancers({ client: this.#client }, {})) {
      for (const balancer of LoadBalancers) {
        const { LoadBalancerArn: arn = "", DNSName = "", Scheme, State } = balancer;
        present.add(arn);
        // Before it is active its name has no addresses.
        if (State?.Code !== "active" && State?.Code !== undefined) continue;
        const isInternal = Scheme === "internal";
        found.push({ arn, host: DNSName.toLowerCase(), isInternal, addresses: this.#addressesOf(arn, balancer) });
      }
    }
    for (const arn of this.#addresses.keys()) if (!present.has(arn)) this.#addresses.delete(arn);
    return found;
  }

  #addressesOf(arn: string, { Scheme, AvailabilityZones = [] }: LoadBalancer): string[] {
    const known = this.#addresses.get(arn);
    if (known !== undefined) return known.split(",");
    const taken = new Set([...this.#addresses.values()].flatMap((list) => list.split(",")));
    const range = Scheme === "internal" ? privateRange : publicRange;
    const free = Array.from({ length: 254 }, (_each, index) => `${range}.${index + 1}`).filter(
      (one) => !taken.has(one),
    );
    const given = free.slice(0, Math.max(AvailabilityZones.length, 1));
    this.#addresses.set(arn, given.join(","));
    return given;
  }
}
