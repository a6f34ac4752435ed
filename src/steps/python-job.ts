import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ToolError } from "../errors.ts";
import { hub } from "../releases/hub.ts";
import type { KubeTarget } from "../tools/helm.ts";
import { getCommand } from "../tools/kubectl.ts";
import { resultVariable, type HubJob } from "./hub-job.ts";
import type { Installation } from "./installation.ts";

const programs = join(import.meta.dirname, "..", "..", "templates", "programs");

const deploymentSchema = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        imagePullSecrets: z.array(z.object({ name: z.string() })).default([]),
        containers: z.array(z.object({ name: z.string(), image: z.string() })).min(1),
      }),
    }),
  }),
});

export interface PythonJob {
  name: string;
  /** A file of templates/programs. */
  program: string;
  args?: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Mount path and claim. */
  mounts: Readonly<Record<string, string>>;
  seconds: number;
}

/** A Job that runs a Python program on users' files, as their user, in the hub's own image. */
export async function pythonJob(
  { exec }: Pick<Installation, "exec">,
  target: KubeTarget,
  { name, program, args = [], env, mounts, seconds }: PythonJob,
): Promise<HubJob> {
  const what = { resource: "deployment", name: "hub", namespace: hub.namespace };
  const { stdout } = await exec(getCommand(target, what));
  if (stdout.trim() === "") {
    throw new ToolError("HubMissing", "there is no hub whose image could do it", {
      hint: "hubctl status tells what is not well",
    });
  }
  const { imagePullSecrets, containers } = deploymentSchema.parse(JSON.parse(stdout)).spec.template.spec;
  const image = (containers.find((container) => container.name === "hub") ?? containers[0])?.image;
  const volumes = Object.entries(mounts).map(([mountPath, claimName], index) => ({
    name: `files-${index}`,
    mountPath,
    claimName,
  }));
  const container = {
    name: "program",
    image,
    command: ["python3", "-c", readFileSync(join(programs, program), "utf8")],
    args,
    env: [...Object.entries(env).map(([key, value]) => ({ name: key, value })), resultVariable],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: volumes.map(({ name: volume, mountPath }) => ({ name: volume, mountPath })),
  };
  const pod = {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    ...(imagePullSecrets.length > 0 && { imagePullSecrets }),
    // Jovyan's of the Jupyter images, whose files these are.
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 100,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    },
    nodeSelector: { "hub.jupyter.org/node-purpose": "core" },
    tolerations: [{ key: "hub.jupyter.org/dedicated", value: "core", effect: "NoSchedule" }],
    containers: [container],
    volumes: volumes.map(({ name: volume, claimName }) => ({ name: volume, persistentVolumeClaim: { claimName } })),
  };
  return { name, seconds, spec: { template: { spec: pod } } };
}
