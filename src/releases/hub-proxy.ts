import type { ReleaseInputs } from "./inputs.ts";
import { corePurpose, purposeLabel } from "./node-purpose.ts";
import { resourceTags } from "./tags.ts";

const prefix = "service.beta.kubernetes.io/aws-load-balancer-";

/**
 * The hub's public Service: a network load balancer, made by the service controller of the EKS control plane.
 * TLS ends at the load balancer; there is no port 80, as nothing behind it could redirect.
 */
export function hubProxy(inputs: ReleaseInputs): Record<string, unknown> {
  return {
    https: { enabled: true, type: "offload", hosts: [inputs.config.domain] },
    service: {
      type: "LoadBalancer",
      annotations: loadBalancerAnnotations(inputs),
      disableHttpPort: true,
      loadBalancerSourceRanges: [...inputs.config.network.allowFrom],
      // The service controller turns source ranges into rules for IPv4 only.
      ipFamilyPolicy: "SingleStack",
      ipFamilies: ["IPv4"],
    },
    chp: { resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } } },
  };
}

/** https://cloud-provider-aws.sigs.k8s.io/service_controller/ */
function loadBalancerAnnotations(inputs: ReleaseInputs): Record<string, string> {
  const settings = {
    type: "nlb",
    // Without this the controller takes any subnet of the VPC that it finds.
    subnets: loadBalancerSubnets(inputs).join(","),
    ...(inputs.config.network.internal ? { internal: "true" } : {}),
    // The hub's proxy runs on core nodes, and those are in one zone.
    "target-node-labels": `${purposeLabel}=${corePurpose}`,
    "cross-zone-load-balancing-enabled": "true",
    "ssl-cert": inputs.config.certificate,
    "ssl-ports": "https",
    // The default still accepts TLS 1.0.
    "ssl-negotiation-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "backend-protocol": "tcp",
    "healthcheck-protocol": "http",
    "healthcheck-path": "/_chp_healthz",
    "healthcheck-interval": "10",
    "additional-resource-tags": tagList(resourceTags(inputs)),
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [prefix + name, value]));
}

/** A VPC of one's own names its load balancer's subnets; in one that hubctl made, an internal one is beside the nodes. */
function loadBalancerSubnets({ config, cluster }: ReleaseInputs): string[] {
  const { internal, existingVpc } = config.network;
  return internal && existingVpc === undefined ? cluster.private_subnet_ids : cluster.public_subnet_ids;
}

function tagList(tags: Record<string, string>): string {
  return (
    Object.entries(tags)
      // The annotation knows no quoting. Ownership tags have neither character.
      .filter((tag) => !tag.some((text) => /[,=]/.test(text)))
      .map(([name, value]) => `${name}=${value}`)
      .join(",")
  );
}
