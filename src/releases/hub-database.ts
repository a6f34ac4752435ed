import { isGroup, valueAt } from "../config/layers.ts";
import type { HubConfig } from "../config/hub-config.ts";
import { testedVersions } from "../versions.ts";
import { chartImage } from "./images.ts";
import type { ReleaseInputs } from "./inputs.ts";

/** The CronJob of the platform chart that copies the hub's database to the file system. */
export const databaseCopyJob = "hub-database-copy";
/** How often it does. */
export const hoursBetweenCopies = 6;
/** The hub chart's claim on the disk that the database lies on. */
export const databaseClaim = "hub-db-dir";

/** A week of them. */
const copiesKept = 28;

/** Names of what the platform chart makes, and the hub's pod mounts. */
const copiesClaim = "hub-database-copies";
const programMap = "hub-database";
/** Volume and mount point of the hub chart: https://z2jh.jupyter.org/en/4.4.0/resources/reference.html#hub-db */
const databaseVolume = { name: "pvc", mountPath: "/srv/jupyterhub" };

type Values = Record<string, unknown>;

interface DatabaseCopies {
  claim: string;
  accessPointId: string;
  program: string;
  image: string;
  pullSecrets: { name: string }[];
  chartVersion: string;
  schedule: string;
  keep: number;
  databaseClaim?: string;
  /** The hub's folder on its disk, if it is not all of it. */
  subPath?: string;
  /** Of a database elsewhere: the hub chart's secret, which tells where and with which password. */
  hubSecret?: string;
}

/**
 * What the platform chart copies the hub's database with: the hub's own image, which has Python and what it takes to
 * reach the database. One that the operator's values put elsewhere is only copied when that is asked for.
 */
export function databaseCopies(inputs: ReleaseInputs): DatabaseCopies | undefined {
  const { config, lock, storage } = inputs;
  const accessPointId = storage.hub_database_access_point_id;
  if (accessPointId === undefined || !canBeCopied(config)) return undefined;
  const chartVersion = lock.charts["jupyterhub"] ?? testedVersions.charts.jupyterhub;
  const subPath = valueAt(config.hub.values, ["hub", "db", "pvc", "subPath"]);
  return {
    claim: copiesClaim,
    accessPointId,
    program: programMap,
    image: hubImage(inputs, chartVersion),
    pullSecrets: pullSecrets(config.hub.values),
    chartVersion,
    // Not on the hour, when everybody's jobs start.
    schedule: `17 */${hoursBetweenCopies} * * *`,
    keep: copiesKept,
    ...(isDatabaseOnOwnDisk(config)
      ? { databaseClaim, ...(typeof subPath === "string" ? { subPath } : {}) }
      : { hubSecret: "hub" }),
  };
}

/** The hub chart's values with a container that brings back the newest copy of the database, if there is none. */
export function restoringDatabase(values: Values, inputs: ReleaseInputs): Values {
  const copies = databaseCopies(inputs);
  if (copies?.databaseClaim === undefined) return values;
  const { claim, program, image, subPath } = copies;
  const hub = groupAt(values, "hub");
  const container = {
    name: "restore-database",
    image,
    command: ["python3", "/opt/hubctl/hub-database.py"],
    args: ["restore"],
    env: [
      { name: "DATABASE", value: `${databaseVolume.mountPath}/jupyterhub.sqlite` },
      { name: "COPIES", value: "/copies" },
    ],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      runAsUser: 1000,
      runAsGroup: 1000,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    // So that what stands in the way is told by the pod itself.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [
      { ...databaseVolume, ...(subPath === undefined ? {} : { subPath }) },
      { name: claim, mountPath: "/copies", readOnly: true },
      { name: program, mountPath: "/opt/hubctl", readOnly: true },
    ],
  };
  const volumes = [
    { name: claim, persistentVolumeClaim: { claimName: claim } },
    { name: program, configMap: { name: program } },
  ];
  return {
    ...values,
    hub: {
      ...hub,
      // Before the operator's own, which may want to see the database.
      initContainers: [container, ...listAt(hub, "initContainers")],
      extraVolumes: [...volumes, ...listAt(hub, "extraVolumes")],
    },
  };
}

/** Whether the hub has the database that its chart gives it, and not one of the operator's. */
export function isDatabaseOnOwnDisk({ hub: { values } }: HubConfig): boolean {
  const type = valueAt(values, ["hub", "db", "type"]);
  const url = valueAt(values, ["hub", "config", "JupyterHub", "db_url"]);
  return (type === undefined || type === "sqlite-pvc") && (url === undefined || url === null);
}

/** One in memory is gone with its hub, and of one elsewhere the password must be where hub-database.py looks for it. */
export function canBeCopied(config: HubConfig): boolean {
  const { values } = config.hub;
  const type = valueAt(values, ["hub", "db", "type"]);
  const hasOtherSecret = Boolean(valueAt(values, ["hub", "existingSecret"]));
  return isDatabaseOnOwnDisk(config) || ((type === "postgres" || type === "mysql") && !hasOtherSecret);
}

/** As the hub chart puts it together; its own image has the chart's version as tag. */
function hubImage(inputs: ReleaseInputs, chartVersion: string): string {
  const { image, values } = inputs.config.hub;
  const configured = image && chartImage(image, inputs);
  const given = groupAt(groupAt(values, "hub"), "image");
  const name = given["name"] ?? configured?.name ?? "quay.io/jupyterhub/k8s-hub";
  return `${name as string}:${(given["tag"] ?? configured?.tag ?? chartVersion) as string}`;
}

/** https://github.com/jupyterhub/zero-to-jupyterhub-k8s/blob/4.4.0/jupyterhub/templates/_helpers.tpl */
function pullSecrets(values: Values): { name: string }[] {
  const given = [
    ...listAt(groupAt(groupAt(values, "hub"), "image"), "pullSecrets"),
    ...listAt(values, "imagePullSecrets"),
    ...(valueAt(values, ["imagePullSecret", "create"]) === true ? ["image-pull-secret"] : []),
  ];
  return given.map((secret) => (typeof secret === "string" ? { name: secret } : (secret as { name: string })));
}

function groupAt(values: Values, key: string): Values {
  const value = values[key];
  return isGroup(value) ? value : {};
}

function listAt(values: Values, key: string): unknown[] {
  const value = values[key];
  return Array.isArray(value) ? value : [];
}
