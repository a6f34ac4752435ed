import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { parse } from "yaml";
import { cacheFolder, contentHash, makeOnce, type Report } from "./binaries/cache.ts";
import type { Binaries } from "./binaries/index.ts";
import { runTool } from "./binaries/run-tool.ts";
import { versions } from "./binaries/versions.ts";
import { projectRoot } from "./paths.ts";

interface Chart {
  folder: string;
  version: string;
  /** Whether version and image tag have to be set, which Karpenter's release process does, not its repository. */
  isReleasedHere: boolean;
}

/** The same charts under the number of an older release, so that there is something to upgrade from. */
const olderVersions = { jupyterhub: "4.3.5", karpenter: "1.13.0" };

/** Fills a folder with `<chart>-<version>.tgz` archives: what HUBCTL_CHART_MIRROR names. */
export async function fillChartMirror(mirror: string, binaries: Binaries, report: Report): Promise<void> {
  mkdirSync(mirror, { recursive: true });
  for (const chart of findCharts(binaries)) {
    const archive = await packageChart(chart, binaries.helm, report);
    const target = join(mirror, basename(archive));
    rmSync(target, { force: true });
    cpSync(archive, target);
  }
}

function findCharts({ karpenterModule }: Binaries): Chart[] {
  const standIns = join(projectRoot, "sandbox/charts");
  const own = readdirSync(standIns, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(standIns, entry.name, "Chart.yaml")))
    .map((entry) => ({ folder: join(standIns, entry.name), isReleasedHere: false }))
    .map((chart) => ({ ...chart, version: versionOf(chart.folder) }));
  const older = own
    .filter(({ folder }) => basename(folder) === "jupyterhub")
    .map((chart) => ({ ...chart, version: olderVersions.jupyterhub, isReleasedHere: true }));
  const karpenter = ["karpenter-crd", "karpenter"].flatMap((name) =>
    [versions.karpenter, olderVersions.karpenter].map((version) => ({
      folder: join(karpenterModule, "charts", name),
      version,
      isReleasedHere: true,
    })),
  );
  return [...own, ...older, ...karpenter];
}

function versionOf(folder: string): string {
  return (parse(readFileSync(join(folder, "Chart.yaml"), "utf8")) as { version: string }).version;
}

/** The archive from the cache, made first if the chart has changed. */
async function packageChart(chart: Chart, helm: string, report: Report): Promise<string> {
  // How it is made counts, too.
  const content = [readFileSync(import.meta.filename), chart.version, ...chartContent(chart.folder)];
  const folder = join(cacheFolder(), "charts", contentHash(content));
  const archive = join(folder, `${basename(chart.folder)}-${chart.version}.tgz`);
  await makeOnce(
    folder,
    report,
    () => existsSync(archive),
    async (temporary) => {
      const work = mkdtempSync(join(tmpdir(), "hubctl-chart-"));
      try {
        const copy = join(work, basename(chart.folder));
        cpSync(chart.folder, copy, { recursive: true });
        if (chart.isReleasedHere) releaseImages(copy, chart.version);
        const versionFlags = chart.isReleasedHere ? ["--version", chart.version, "--app-version", chart.version] : [];
        await runTool(helm, ["package", copy, "--destination", temporary, ...versionFlags], {
          env: { HELM_CONFIG_HOME: work, HELM_CACHE_HOME: work, HELM_DATA_HOME: work },
        });
        renameSync(temporary, folder);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  );
  return archive;
}

function chartContent(folder: string): (string | Buffer)[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => [relative(folder, file), readFileSync(file)]);
}

/** The values name the images of another release. */
function releaseImages(folder: string, version: string): void {
  const file = join(folder, "values.yaml");
  const text = readFileSync(file, "utf8");
  // The hub's own, whose tag is the chart's version.
  const ofChart = text.replaceAll(`tag: "${versionOf(folder)}"`, `tag: "${version}"`);
  const [, tag] = /repository: public\.ecr\.aws\/karpenter\/controller\n[^]*?\n\s*tag: (\S+)\n/.exec(ofChart) ?? [];
  const released =
    tag === undefined
      ? ofChart
      : ofChart.replace(`tag: ${tag}\n`, `tag: ${version}\n`).replace(/(\n\s*digest:) sha256:\w+/, '$1 ""');
  writeFileSync(file, released);
}
