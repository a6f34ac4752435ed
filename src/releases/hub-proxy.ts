import type { ReleaseInputs } from "./inputs.ts";
import { corePurpose, purposeLabel } from "./node-purpose.ts";
import { resourceTags } from "./tags.ts";

const prefix = "service.beta.kubernetes.io/aws-load-balancer-";

/**
 * The hub's public Service: a network load balancer, made by the service controller of the EKS control plane.
 * TLS ends there with a certificate of ACM's, and in the hub's proxy with one's own. There is no port 80: behind TLS that
 * ends at the load balancer nothing could redirect.
 */
export function hubProxy(inputs: ReleaseInputs): Record<string, unknown> {
  return {
    https: { enabled: true, ...tlsEnd(inputs), hosts: [inputs.config.domain] },
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

function tlsEnd({ config: { certificate }, secrets }: ReleaseInputs): Record<string, unknown> {
  if (typeof certificate === "string") return { type: "offload" };
  if ("secret" in certificate) return { type: "secret", secret: { name: certificate.secret } };
  return { type: "manual", manual: { key: secrets.certificateKey, cert: secrets.certificateChain } };
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
    ...tlsSettings(inputs),
    "healthcheck-path": "/_chp_healthz",
    "healthcheck-interval": "10",
    "additional-resource-tags": tagList(resourceTags(inputs)),
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [prefix + name, value]));
}

function tlsSettings({ certificateArn }: ReleaseInputs): Record<string, string> {
  // The proxy answers on its TLS port only; whose certificate that shows, health checks do not look at.
  if (certificateArn === undefined) return { "healthcheck-protocol": "https" };
  return {
    "ssl-cert": certificateArn,
    "ssl-ports": "https",
    // The default still accepts TLS 1.0.
    "ssl-negotiation-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "backend-protocol": "tcp",
    "healthcheck-protocol": "http",
  };
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
