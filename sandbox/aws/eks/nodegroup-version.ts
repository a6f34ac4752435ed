import type { ErrorDetail, UpdateNodegroupVersionRequest } from "@aws-sdk/client-eks";
import type { EksContext } from "./context.ts";
import { invalidParameter, messageOf } from "./errors.ts";
import { pause } from "./jobs.ts";
import { describeLaunchTemplate, writeLaunchTemplate } from "./launch-templates.ts";
import { idOf, instancesOf, launch, setLimits, terminate } from "./nodegroup-capacity.ts";
import { cordon, evictPods, instanceIdOf, isReady, nodesOf, uncordon } from "./nodegroup-nodes.ts";
import { checkLaunchTemplate, releaseFor } from "./nodegroup-request.ts";
import { beginNodegroupUpdate, settledNodegroup } from "./nodegroup-updates.ts";
import { nodegroupKey, settleNodegroup } from "./nodegroups.ts";
import type { Call, Operation } from "./router.ts";
import type { NodegroupRecord } from "./state.ts";
import { endUpdates } from "./updates.ts";
import type { Wire } from "./wire.ts";

type VersionBody = Partial<Wire<UpdateNodegroupVersionRequest>>;

export function nodegroupVersionOperations(context: EksContext): Operation[] {
  return [
    {
      name: "UpdateNodegroupVersion",
      method: "POST",
      path: "/clusters/{name}/node-groups/{nodegroupName}/update-version",
      run: (call) => updateVersion(context, call),
    },
  ];
}

/** The node group keeps its version until all of its nodes are new; an update that fails leaves it as it was. */
async function updateVersion(context: EksContext, call: Call): Promise<object> {
  const { record, nodegroup } = settledNodegroup(context, call, "UpdateNodegroupVersion");
  const body = call.body as VersionBody;
  const { wanted, templateVersion } = await wantedNodegroup(context, nodegroup, record.shape.version, body);
  // Another call may have come meanwhile.
  settledNodegroup(context, call, "UpdateNodegroupVersion");
  const { nodegroupName, version, releaseVersion } = wanted.shape;
  const update = beginNodegroupUpdate(context, record, nodegroup, "VersionUpdate", {
    Version: version,
    ReleaseVersion: releaseVersion,
    ...(templateVersion === undefined ? {} : { LaunchTemplateVersion: templateVersion }),
  });
  context.jobs.start(nodegroupKey(nodegroup), async (signal) => {
    try {
      await writeLaunchTemplate(context, record, wanted);
      await replaceInstances(context, wanted, { signal, force: body.force === true });
      const { launchTemplate } = wanted.shape;
      Object.assign(nodegroup.shape, { version, releaseVersion, ...(launchTemplate && { launchTemplate }) });
      if (wanted.launchTemplateVersion !== undefined) nodegroup.launchTemplateVersion = wanted.launchTemplateVersion;
    } catch (error) {
      if (signal.aborted) throw error;
      const { minSize, maxSize } = nodegroup.shape.scalingConfig;
      await setLimits(context, nodegroup, { MinSize: minSize, MaxSize: maxSize });
      endUpdates(record, { nodegroupName }, failureOf(error));
    }
    settleNodegroup(context, record, nodegroup);
  });
  return { update: update.shape };
}

/** The node group as it is to become. */
async function wantedNodegroup(
  context: EksContext,
  nodegroup: NodegroupRecord,
  limit: string,
  body: VersionBody,
): Promise<{ wanted: NodegroupRecord; templateVersion: string | undefined }> {
  const { shape } = nodegroup;
  const version = body.version ?? shape.version;
  if (minorNumber(version) > minorNumber(limit)) {
    throw invalidParameter(`Nodegroup Kubernetes version ${version} cannot be greater than cluster version ${limit}`);
  }
  if (minorNumber(version) < minorNumber(shape.version)) {
    throw invalidParameter(`Nodegroup Kubernetes version ${shape.version} cannot be downgraded to ${version}`);
  }
  const specification = body.launchTemplate && { ...shape.launchTemplate, ...body.launchTemplate };
  if (specification && shape.launchTemplate === undefined) {
    throw invalidParameter("A launch template cannot be given to a node group that was created without one.");
  }
  const template = specification && (await describeLaunchTemplate(context, idOnly(specification)));
  if (template) checkLaunchTemplate(template, {});
  const wanted = structuredClone(nodegroup);
  wanted.shape.version = version;
  const releaseVersion = releaseFor(shape.amiType, version, body.releaseVersion, template);
  if (shape.amiType !== "CUSTOM" && version === shape.version && dayOf(releaseVersion) < dayOf(shape.releaseVersion)) {
    throw invalidParameter(
      `Nodegroup release version ${shape.releaseVersion} cannot be rolled back to ${releaseVersion}`,
    );
  }
  if (shape.amiType !== "CUSTOM" || template) wanted.shape.releaseVersion = releaseVersion;
  if (template) {
    wanted.shape.launchTemplate = {
      id: template.LaunchTemplateId,
      name: template.LaunchTemplateName,
      version: body.launchTemplate?.version ?? String(template.VersionNumber),
    };
  }
  return { wanted, templateVersion: template && String(template.VersionNumber) };
}

function idOnly({
  id,
  name,
  version,
}: {
  id?: string | undefined;
  name?: string | undefined;
  version?: string | undefined;
}) {
  return id === undefined ? { name, version } : { id, version };
}

/** Pods that did not leave their nodes in time. */
class EvictionFailure extends Error {
  readonly nodes: string[];

  constructor(group: string, nodes: string[]) {
    super(`Reached max retries while trying to evict pods from nodes in node group ${group}`);
    this.nodes = nodes;
  }
}

function failureOf(error: unknown): ErrorDetail {
  return error instanceof EvictionFailure
    ? { errorCode: "PodEvictionFailure", errorMessage: error.message, resourceIds: error.nodes }
    : { errorCode: "NodeCreationFailure", errorMessage: messageOf(error), resourceIds: [] };
}

/**
 * Starts new nodes, then empties the old ones, as many at a time as may be unavailable, and ends them.
 * https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
 */
async function replaceInstances(
  context: EksContext,
  nodegroup: NodegroupRecord,
  { signal, force }: { signal: AbortSignal; force: boolean },
): Promise<void> {
  const { scalingConfig, updateConfig } = nodegroup.shape;
  const old = (await instancesOf(context, nodegroup)).map(idOf);
  await setLimits(context, nodegroup, { MinSize: 0, MaxSize: old.length * 2 + 1 });
  const made = old.length > 0 ? await launch(context, nodegroup, old.length) : [];
  await waitForNodes(context, nodegroup, made, signal);
  const leaving = (await nodesOf(context, nodegroup)).filter((node) => old.includes(instanceIdOf(node)));
  await cordon(context, nodegroup, leaving);
  const atOnce = updateConfig?.maxUnavailable ?? 1;
  for (let first = 0; first < old.length; first += atOnce) {
    const turn = old.slice(first, first + atOnce);
    const nodes = leaving.filter((node) => turn.includes(instanceIdOf(node)));
    const giveUpAt = context.now() + context.delays.evictionTimeout;
    while (!(await evictPods(context, nodegroup, nodes)) && !force) {
      if (context.now() >= giveUpAt) {
        await uncordon(context, nodegroup, leaving.slice(first));
        // As many new nodes go as old ones stay.
        await terminate(context, made.slice(first));
        const names = nodes.map(({ metadata }) => metadata.name);
        throw new EvictionFailure(nodegroup.shape.nodegroupName, names);
      }
      await pause(context.delays.poll, signal);
    }
    await terminate(context, turn);
  }
  await setLimits(context, nodegroup, { MinSize: scalingConfig.minSize, MaxSize: scalingConfig.maxSize });
}

async function waitForNodes(
  context: EksContext,
  nodegroup: NodegroupRecord,
  made: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const giveUpAt = context.now() + context.delays.nodeJoinTimeout;
  for (;;) {
    const nodes = await nodesOf(context, nodegroup);
    const ready = nodes.filter((node) => isReady(node) && made.includes(instanceIdOf(node)));
    if (ready.length >= made.length) return;
    if (context.now() >= giveUpAt) {
      await terminate(context, made);
      throw new Error("Couldn't proceed with upgrade process as new nodes are not joining node group");
    }
    await pause(context.delays.poll, signal);
  }
}

/** "20261110" of "1.36.1-20261110". */
function dayOf(release: string): string {
  return release.split("-").at(-1) ?? "";
}

function minorNumber(version: string): number {
  return Number(version.split(".")[1]);
}
