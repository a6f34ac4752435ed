import { z } from "zod";

const metadata = z.object({
  name: z.string(),
  namespace: z.string().default(""),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
});

const conditions = z
  .array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().default(""),
      message: z.string().default(""),
      lastTransitionTime: z.string().nullish(),
    }),
  )
  .default([]);

const terminated = z.object({
  reason: z.string().default(""),
  exitCode: z.number(),
  finishedAt: z.string().nullish(),
});

const containerStatuses = z
  .array(
    z.object({
      name: z.string(),
      image: z.string().default(""),
      restartCount: z.number().default(0),
      state: z
        .object({
          waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).optional(),
          terminated: terminated.optional(),
        })
        .default({}),
      lastState: z.object({ terminated: terminated.optional() }).default({}),
    }),
  )
  .default([]);

const podSchema = z.object({
  metadata,
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({
    phase: z.string().default("Pending"),
    reason: z.string().default(""),
    message: z.string().default(""),
    conditions,
    containerStatuses,
    initContainerStatuses: containerStatuses,
  }),
});
export type Pod = z.infer<typeof podSchema>;

const nodeSchema = z.object({ metadata, status: z.object({ conditions }) });
export type Node = z.infer<typeof nodeSchema>;

const deploymentSchema = z.object({ metadata, spec: z.object({ replicas: z.number().default(1) }) });
export type Deployment = z.infer<typeof deploymentSchema>;

const claimSchema = z.object({ metadata, status: z.object({ phase: z.string().default("Pending") }) });
export type Claim = z.infer<typeof claimSchema>;

const serviceSchema = z.object({
  metadata,
  status: z
    .object({
      loadBalancer: z
        .object({ ingress: z.array(z.object({ hostname: z.string().optional() })).default([]) })
        .default({ ingress: [] }),
    })
    .default({ loadBalancer: { ingress: [] } }),
});
export type Service = z.infer<typeof serviceSchema>;

const jobSchema = z.object({ metadata, status: z.object({ conditions }).default({ conditions: [] }) });
export type Job = z.infer<typeof jobSchema>;

const cronJobSchema = z.object({
  metadata,
  status: z.object({ lastSuccessfulTime: z.string().optional() }).default({}),
});
export type CronJob = z.infer<typeof cronJobSchema>;

/** Of Karpenter's own kinds, all of which have conditions. */
const karpenterSchema = z.object({
  metadata,
  status: z.object({ conditions }).default({ conditions: [] }),
});
export type KarpenterObject = z.infer<typeof karpenterSchema>;

export interface KubeObjects {
  pods: Pod[];
  nodes: Node[];
  deployments: Deployment[];
  claims: Claim[];
  services: Service[];
  jobs: Job[];
  cronJobs: CronJob[];
}

/** What is asked in one call; full names, so that no other kind of the cluster can be meant. */
export const kubeResources = "nodes,pods,deployments.apps,persistentvolumeclaims,services,jobs.batch,cronjobs.batch";

export function parseKubeObjects(stdout: string): KubeObjects {
  const ofKind = readList(stdout);
  return {
    pods: z.array(podSchema).parse(ofKind("Pod")),
    nodes: z.array(nodeSchema).parse(ofKind("Node")),
    deployments: z.array(deploymentSchema).parse(ofKind("Deployment")),
    claims: z.array(claimSchema).parse(ofKind("PersistentVolumeClaim")),
    services: z.array(serviceSchema).parse(ofKind("Service")),
    jobs: z.array(jobSchema).parse(ofKind("Job")),
    cronJobs: z.array(cronJobSchema).parse(ofKind("CronJob")),
  };
}

export interface KarpenterObjects {
  nodePools: KarpenterObject[];
  nodeClasses: KarpenterObject[];
  nodeClaims: KarpenterObject[];
}

/** Apart from the others: kubectl refuses a whole call if the cluster does not know one kind of it. */
export const karpenterResources = "nodepools.karpenter.sh,ec2nodeclasses.karpenter.k8s.aws,nodeclaims.karpenter.sh";

export function parseKarpenterObjects(stdout: string): KarpenterObjects {
  const ofKind = readList(stdout);
  return {
    nodePools: z.array(karpenterSchema).parse(ofKind("NodePool")),
    nodeClasses: z.array(karpenterSchema).parse(ofKind("EC2NodeClass")),
    nodeClaims: z.array(karpenterSchema).parse(ofKind("NodeClaim")),
  };
}

const listSchema = z.object({ items: z.array(z.looseObject({ kind: z.string() })) });

function readList(stdout: string): (kind: string) => unknown[] {
  // With --ignore-not-found kubectl prints nothing where a list would be empty.
  const { items } = stdout.trim() === "" ? { items: [] } : listSchema.parse(JSON.parse(stdout));
  return (kind) => items.filter((item) => item.kind === kind);
}

export function condition({ status }: { status: { conditions: Node["status"]["conditions"] } }, type: string) {
  return status.conditions.find((candidate) => candidate.type === type);
}

export function isTrue(object: { status: { conditions: Node["status"]["conditions"] } }, type: string): boolean {
  return condition(object, type)?.status === "True";
}

/** Newer charts and spawners set the first label, older ones the second. */
export function componentOf({ metadata: { labels } }: Pod): string | undefined {
  return labels["app.kubernetes.io/component"] ?? labels["component"];
}
