import { describeUsageCosts, dollars, estimateFixedCosts } from "../cost/estimate.ts";
import { priceDate, pricedRegions } from "../cost/prices.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { formatDuration } from "../engine/format-duration.ts";
import { titleOf, type CheckedList, type RunResult } from "../engine/run-steps.ts";
import { turnsOf, type StepList } from "../engine/step.ts";
import type { Installation } from "../steps/installation.ts";
import type { PlanSummary } from "../tools/terraform-plan.ts";
import type { Output } from "../ui/output.ts";

type Subject = Pick<Installation, "config" | "caller" | "lock" | "stacks">;

/** What the operator is asked to agree to: what it is for, where, and what will be done. */
export async function describeIntent<Context>(
  { config, caller, lock, stacks }: Subject,
  list: StepList<Context>,
  checked: CheckedList,
  output: Pick<Output, "style">,
): Promise<string[]> {
  const [{ account, arn }, { lock: versions }] = await Promise.all([caller(), lock()]);
  const { desired, instanceType } = config.cluster.coreNodes;
  const steps = turnsOf(list).flat();
  const now = steps.flatMap((step) => {
    const found = checked.get(step.id);
    return found && "change" in found ? [`  • ${titleOf(step, checked)}: ${found.change}`] : [];
  });
  const later = steps.flatMap(({ id, title }) => {
    const found = checked.get(id);
    return found && "unknown" in found ? [output.style("dim", `  • ${title}`)] : [];
  });
  return [
    output.style("bold", `${config.name}: a JupyterHub at https://${config.domain}`),
    `  in AWS account ${account}, region ${config.aws.region}, as ${arn}`,
    `  on EKS with Kubernetes ${versions.kubernetes}: ${desired} ${instanceType} for the hub; users' nodes come and go, up to ${config.users.maxVcpus} vCPUs`,
    ...(now.length === 0 ? [] : ["What will be done:", ...now]),
    ...[stacks.storage, stacks.cluster].flatMap(({ shown }) => (shown ? describeTouched(shown) : [])),
    ...(later.length === 0 ? [] : ["Then, as far as needed:", ...later]),
    ...(createsCluster(stacks.cluster.shown) ? describeCosts(config) : []),
  ];
}

export function createsCluster(plan: PlanSummary | undefined): boolean {
  return plan?.create.some(({ type }) => type === "aws_eks_cluster") ?? false;
}

/** What the operator is about to spend. */
function describeCosts(config: HubConfig): string[] {
  const items = estimateFixedCosts(config);
  const known = items.flatMap(({ monthly }) => (monthly === undefined ? [] : [monthly]));
  const total = known.reduce((sum, monthly) => sum + monthly, 0);
  const isWhole = known.length === items.length;
  const { region } = config.aws;
  const elsewhere = pricedRegions.includes(region)
    ? ""
    : `, as in ${pricedRegions.join(" and ")}; ${region} may cost up to twice as much`;
  const amounts = items.map(({ monthly }) => (monthly === undefined ? "not in the table" : dollars(monthly)));
  const width = Math.max(...amounts.map(({ length }) => length));
  return [
    `What it costs: about ${dollars(total)} a month${isWhole ? "" : " and what is not in the table"}, as long as it is there`,
    `  (an estimate from list prices of ${priceDate}${elsewhere}; without taxes and discounts)`,
    ...items.map(({ what }, index) => `  ${(amounts[index] ?? "").padStart(width)}  ${what}`),
    "and by use:",
    ...describeUsageCosts(config).map((line) => `  • ${line}`),
  ];
}

/** Whatever exists and would change, by address; what is new is only counted. */
function describeTouched(plan: PlanSummary): string[] {
  const kinds = [
    ["change", plan.update],
    ["replace", plan.replace],
    ["delete", plan.delete],
  ] as const;
  return kinds.flatMap(([verb, changes]) => changes.map(({ address }) => `    ${verb} ${address}`));
}

/** How long each step took that did something, where the hub answers, and what is left to the operator. */
export function describeOutcome(
  {
    config,
    deployment,
    loadBalancer,
    domainAdvice = [`point ${config.domain} to it: hubctl route-dns --deployment ${deployment.name}`],
  }: Pick<Installation, "config" | "deployment" | "loadBalancer" | "domainAdvice">,
  { steps, seconds }: RunResult,
  /** What has become of the deployment. */
  became = "is installed",
): string {
  const { name } = deployment;
  const ran = steps.filter(({ outcome }) => outcome === "done");
  const times = ran.map((step) => formatDuration(step.seconds));
  const width = Math.max(...times.map(({ length }) => length));
  const address = loadBalancer ?? "(not known)";
  const next = [...domainAdvice, `open https://${config.domain} and log in as ${config.auth.admins[0] ?? "an admin"}`];
  return [
    ...(ran.length === 0 ? [] : [`${name} ${became}, in ${formatDuration(seconds)}:`]),
    ...ran.map(({ title }, index) => `  ${(times[index] ?? "").padStart(width)}  ${title}`),
    `The hub answers at the load balancer ${address}`,
    "Next:",
    ...next.map((line, index) => `  ${index + 1}. ${line}`),
    `To look inside: hubctl kubeconfig --deployment ${name} > ${name}.kubeconfig; kubectl --kubeconfig ${name}.kubeconfig get pods -A`,
  ].join("\n");
}
