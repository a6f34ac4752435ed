import { compareVersions } from "./compare-versions.ts";

/** A kind of object in an API version that a coming Kubernetes no longer has. */
export interface RemovedApi {
  /** "flowschemas" */
  resource: string;
  /** "flowcontrol.apiserver.k8s.io/v1beta3" */
  apiVersion: string;
  /** "1.32" */
  removedIn: string;
}

const metric = /^apiserver_requested_deprecated_apis\{([^}]*)\}\s+(\S+)/;

/**
 * Reads an API server's metrics: which deprecated APIs somebody has used since it started, removed in `kubernetes` or
 * before. https://kubernetes.io/docs/reference/using-api/deprecation-policy/
 */
export function parseRemovedApis(metrics: string, kubernetes: string): RemovedApi[] {
  return metrics.split("\n").flatMap((line) => {
    const [, labels = "", value] = metric.exec(line) ?? [];
    if (value === undefined || Number(value) === 0) return [];
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const removedIn = label("removed_release");
    if (removedIn === "" || compareVersions(removedIn, kubernetes) > 0) return [];
    const group = label("group");
    return [
      {
        resource: label("resource"),
        apiVersion: group === "" ? label("version") : `${group}/${label("version")}`,
        removedIn,
      },
    ];
  });
}
