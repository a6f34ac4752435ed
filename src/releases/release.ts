import { readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { HubConfig } from "../config/hub-config.ts";
import type { ReleaseInputs } from "./inputs.ts";

/** A chart that is downloaded; `version` is the one this hubctl was tested with, a lock file may name another. */
interface PublishedChart {
  name: string;
  version: string;
  /** https: a chart repository; oci: the registry path that holds the chart. */
  repository: string;
}

/** A chart that comes with hubctl. */
interface OwnChart {
  name: string;
  path: string;
}

export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly chart: PublishedChart | OwnChart;
  /** Whether this deployment has it; all have it if there is no such function. */
  isNeeded?(config: HubConfig): boolean;
  /**
   * What it can't be installed without and is not there yet; it holds up no other release. Until then its values only
   * tell what an upgrade would take away.
   */
  waitsFor?(inputs: ReleaseInputs): string | undefined;
  /** A plain object with a fixed key order. May hold secrets: it goes to Helm through standard input only. */
  values(inputs: ReleaseInputs): Record<string, unknown>;
}

/**
 * The words of a Helm command line that name the release's chart.
 * `mirror` is a folder, an http(s) URL with chart archives, or an OCI registry path; `versions` is the lock file's `charts`.
 */
export function chartReference(
  release: Release,
  mirror?: string,
  versions: Readonly<Record<string, string>> = {},
): string[] {
  const { chart } = release;
  if ("path" in chart) return [chart.path];
  const version = versions[chart.name] ?? chart.version;
  if (mirror !== undefined && mirror !== "" && !isRegistry(mirror)) {
    return [joinReference(mirror, `${chart.name}-${version}.tgz`)];
  }
  const source = mirror === undefined || mirror === "" ? chart.repository : mirror;
  if (isRegistry(source)) return [joinReference(source, chart.name), "--version", version];
  return [chart.name, "--repo", source, "--version", version];
}

/** The chart that a release should have; `versions` is the lock file's `charts`. */
export function wantedChart(
  { chart }: Release,
  versions: Readonly<Record<string, string>>,
): { chart: string; version: string } {
  if (!("path" in chart)) return { chart: chart.name, version: versions[chart.name] ?? chart.version };
  const { version } = ownChart.parse(parse(readFileSync(join(chart.path, "Chart.yaml"), "utf8")));
  return { chart: chart.name, version };
}

const ownChart = z.object({ version: z.string() });

function isRegistry(source: string): boolean {
  return source.startsWith("oci://");
}

function joinReference(base: string, name: string): string {
  const separator = base.includes("://") ? posix.sep : sep;
  return `${base.replace(/[/\\]+$/, "")}${separator}${name}`;
}
