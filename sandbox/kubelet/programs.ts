import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pythonOf } from "../aws/moto.ts";
import { projectRoot } from "../paths.ts";
import type { Binaries } from "../binaries/index.ts";
import type { Container } from "./kube-objects.ts";

interface Program {
  image: RegExp;
  /** Of several programs of one image. */
  command?: string;
  firstArgument?: string;
  file(binaries: Binaries): string | undefined;
  /** Runs this file, with the image's tag as its argument, in place of what the container says. */
  script?: string;
  /** The image's working directory. */
  workingDir?: string;
  /** After its end the container goes on as one that does nothing. */
  standsInAfterwards?: true;
  /** Says as arguments what these programs otherwise read from the fixed paths of a service account's files. */
  inCluster?: (place: { kubeconfig: string; namespace: string }) => string[];
  /** Runs once among all replicas: these elect a leader by host name, which is the same for all processes here. */
  alone?: true;
}

export interface LocalProgram {
  file: string;
  /** The container's own arguments, unless something else runs in their place. */
  args: readonly string[];
  workingDir: string | undefined;
  standsInAfterwards: boolean;
  alone: boolean;
  inCluster(place: { kubeconfig: string; namespace: string }): string[];
}

const sidecar = (place: { kubeconfig: string; namespace: string }) => [
  `--kubeconfig=${place.kubeconfig}`,
  `--leader-election-namespace=${place.namespace}`,
];

const hubImage = /(^|\/)k8s-hub[:@]/;

/** Images whose containers are real processes; every other container is ready and does nothing. */
const programs: readonly Program[] = [
  {
    image: /(^|\/)karpenter\/controller[:@]/,
    file: ({ karpenter }) => karpenter,
    inCluster: ({ namespace }) => [`--leader-election-namespace=${namespace}`],
  },
  {
    image: /\/aws-ebs-csi-driver:/,
    firstArgument: "controller",
    file: ({ ebsCsiDriver }) => ebsCsiDriver,
    inCluster: ({ kubeconfig }) => [`--kubeconfig=${kubeconfig}`],
  },
  { image: /\/eks\/csi-provisioner:/, file: ({ csiProvisioner }) => csiProvisioner, inCluster: sidecar, alone: true },
  { image: /\/eks\/csi-attacher:/, file: ({ csiAttacher }) => csiAttacher, inCluster: sidecar, alone: true },
  { image: hubImage, command: "python3", file: ({ motoServer }) => pythonOf(motoServer) },
  {
    image: hubImage,
    firstArgument: "jupyterhub",
    file: ({ motoServer }) => pythonOf(motoServer),
    script: join(projectRoot, "sandbox/kubelet/hub-database.py"),
    workingDir: "/srv/jupyterhub",
    standsInAfterwards: true,
  },
];

/** The local program that a container runs as; undefined for a stand-in. */
export function findProgram(binaries: Binaries, container: Container): LocalProgram | undefined {
  const program = programs.find(
    ({ image, command, firstArgument }) =>
      image.test(container.image) &&
      (command === undefined || container.command?.[0] === command) &&
      (firstArgument === undefined || container.args?.[0] === firstArgument),
  );
  const file = program?.file(binaries);
  if (program === undefined || file === undefined) return undefined;
  const { script, workingDir, standsInAfterwards = false, alone = false, inCluster = () => [] } = program;
  const own = [...(container.command ?? []).slice(1), ...(container.args ?? [])];
  const args = script === undefined ? own : [script, tagOf(container.image)];
  return { file, args, workingDir, standsInAfterwards, alone, inCluster };
}

/** "4.4.0" of "quay.io/jupyterhub/k8s-hub:4.4.0"; "" for an image that is named by its digest. */
function tagOf(image: string): string {
  return /:([\w.-]+)$/.exec(image.split("@")[0] ?? "")?.[1] ?? "";
}

/** A port of this machine that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** What a container believes about its surroundings, and what holds here. */
export interface Translation {
  /** Mount paths of the container and the folders that stand for them, longest path first. */
  paths: readonly (readonly [mountPath: string, folder: string])[];
  /** Ports that the container listens on, and the free ones that it gets. */
  ports: ReadonlyMap<number, number>;
}

/** Rewrites paths below a mount and ports in an argument or a variable's value. */
export function translate(text: string, { paths, ports }: Translation): string {
  let result = text;
  for (const [mountPath, folder] of paths) {
    const pattern = new RegExp(`(^|[=:,]|://)${escapePattern(mountPath.replace(/\/+$/, ""))}(?=/|$)`, "g");
    result = result.replace(pattern, (_match, before: string) => `${before}${folder}`);
    if (result !== text) break;
  }
  for (const [port, free] of ports) {
    if (result === String(port)) return String(free);
    result = result.replace(new RegExp(`:${port}$`), `:${free}`);
  }
  return result;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
