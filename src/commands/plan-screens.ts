import type { AttributeChange, ObjectChange } from "../engine/object-change.ts";
import { describeServers } from "../plan/consequences.ts";
import type { LayerDrift, Preview, StepPreview } from "../plan/preview.ts";
import type { Output } from "../ui/output.ts";
import { quoteWord } from "./quote-word.ts";

type Style = Output["style"];

const plain: Style = (_, text) => text;

/** The plan as lines for a terminal or a log; where there is nothing to change and nobody has changed anything, its heading. */
export function describePreview(preview: Preview, { style }: Pick<Output, "style">): string[] {
  const { deployment, domain, account, region } = preview;
  const heading = style("bold", `${deployment}: https://${domain}, AWS account ${account}, region ${region}`);
  const sections = [
    section(preview.hasChanges ? "What changes:" : "What is waited for:", describeSteps(preview, style), style),
    section(
      "What others have changed:",
      preview.drift.flatMap((drift) => describeDrift(drift, style)),
      style,
    ),
    section("Refused unless it is named:", describeLosses(preview), style),
    section("What it means:", describeMeaning(preview), style),
  ];
  return [heading, ...sections.flat()];
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ["", style("bold", title), ...lines];
}

function describeSteps({ steps, isInstalled }: Preview, style: Style): string[] {
  const now = steps.filter(({ kind }) => kind === "change");
  const later = steps.filter(({ kind }) => kind !== "change");
  return [
    ...now.flatMap((step) => [
      `  ${step.title}: ${step.summary}`,
      ...describeObjects(step.objects, style).map((line) => `    ${line}`),
    ]),
    ...(now.length === 0 || later.length === 0 ? [] : ["  Then, as far as needed:"]),
    ...later.map(({ title, kind, summary }) => {
      // Before the first install nearly all waits for the cluster, as nobody wonders.
      const why = kind === "wait" || isInstalled ? ` (${summary})` : "";
      return style("dim", `    ${title}${why}`);
    }),
  ];
}

const signs = {
  create: { sign: "+", color: "green" },
  change: { sign: "~", color: "yellow" },
  replace: { sign: "±", color: "red" },
  delete: { sign: "-", color: "red" },
} as const;

function describeObjects(objects: readonly ObjectChange[], style: Style): string[] {
  return [
    ...describeCreated(objects.filter(({ action }) => action === "create")).map((line) => style("green", `+ ${line}`)),
    ...alike(objects.filter(({ action }) => action !== "create")).flatMap(([names, change]) => {
      const { action, remark, forcedBy, attributes } = change;
      const { sign, color } = signs[action];
      const remarks = remark === undefined ? [] : [remark];
      if (forcedBy.length > 0) remarks.push(`${forcedBy.join(", ")} cannot be changed in place`);
      const why = remarks.length === 0 ? "" : ` (${remarks.join("; ")})`;
      const verb = action === "replace" ? " is made anew" : action === "delete" ? " is deleted" : "";
      return [style(color, `${sign} ${describeNames(names)}${verb}${why}`), ...describeAttributes(attributes)];
    }),
  ];
}

/** What is to be changed in the very same way, as by another tag, is told once; what is to go, one by one. */
function alike(objects: readonly ObjectChange[]): [names: string[], change: ObjectChange][] {
  const groups = new Map<string, [names: string[], change: ObjectChange]>();
  for (const change of objects) {
    const { action, what, remark, attributes } = change;
    const key = action === "change" ? JSON.stringify([remark, attributes]) : what;
    const group = groups.get(key);
    if (group) group[0].push(what);
    else groups.set(key, [[what], change]);
  }
  return [...groups.values()];
}

const mostNames = 4;

function describeNames(names: readonly string[]): string {
  const more = names.length - mostNames;
  return `${names.slice(0, mostNames).join(", ")}${more > 0 ? ` and ${more} more, which --json shows` : ""}`;
}

/** Many of a kind in one line: "aws_subnet.private (3)" */
function describeCreated(created: readonly ObjectChange[]): string[] {
  const counts = new Map<string, number>();
  for (const { what } of created) {
    const name = what.replace(/\[.*\]$/s, "");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
}

const mostAttributes = 12;

function describeAttributes(attributes: readonly AttributeChange[]): string[] {
  const more = attributes.length - mostAttributes;
  return [
    ...attributes.slice(0, mostAttributes).map((attribute) => `    ${describeAttribute(attribute)}`),
    ...(more > 0 ? [`    and ${more} more, which --json shows`] : []),
  ];
}

function describeAttribute(attribute: AttributeChange): string {
  const { path, before, after, isSecret, isUnknown } = attribute;
  if (isSecret) return `${path}: changed (secret)`;
  // A sum of other things, which are shown themselves.
  if (path.includes("checksum/")) return `${path}: changed`;
  if (isUnknown) return `${path}: ${before === undefined ? "" : `${show(before)} → `}known afterwards`;
  if (!("before" in attribute)) return `${path}: added ${show(after)}`;
  if (!("after" in attribute)) return `${path}: removed ${show(before)}`;
  const [was, is] = [show(before), show(after)];
  // Both may be too long for what differs.
  return was === is ? `${path}: changed` : `${path}: ${was} → ${is}`;
}

const longest = 80;

function show(value: unknown): string {
  if (typeof value === "string" && value.includes("\n")) return `(${value.trimEnd().split("\n").length} lines)`;
  const text = JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function describeDrift({ what, kind, attributes, isPutBack }: LayerDrift, style: Style): string[] {
  const fate = isPutBack ? "put back" : "left as it is";
  const lines = [`  ${what}${kind === "gone" ? " is gone" : ""} (${fate})`, ...describeAttributes(attributes)];
  return lines.map((line, index) => (index === 0 ? style("yellow", line) : `  ${line}`));
}

function describeLosses({ losses }: Preview): string[] {
  return losses.map(({ address, verb, kind, why, carriesData }) => {
    const data = carriesData ? ", with all that it holds" : "";
    return `  ${verb} the ${kind}${data}${why === undefined ? "" : ` (${why})`}: --allow-replace ${quoteWord(address)}`;
  });
}

function describeMeaning({ consequences, servers }: Preview): string[] {
  if (consequences.length === 0) return [];
  const lines = consequences.map(({ text, because }) => {
    const [first = "", ...others] = because;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return `  • ${text} (${first}${more})`;
  });
  return servers ? [...lines, `  ${describeServers(servers)} now`] : lines;
}

/** What follows from a plan that was only looked at. */
export function describeEnd({ deployment, hasChanges, isInstalled, drift }: Preview): string {
  if (!hasChanges) {
    const others = drift.length === 0 ? "" : ", but for what others have changed";
    return `Nothing to change: ${deployment} is as its configuration says${others}`;
  }
  const command = isInstalled ? "update" : "install";
  return `Nothing was touched; this is done by: hubctl ${command} --deployment ${deployment}`;
}

/** The plan as a comment under a pull request. */
export function previewAsMarkdown(preview: Preview): string {
  const { deployment, domain, account, region, steps, drift } = preview;
  const meaning = describeMeaning(preview).map((line) => line.replace(/^ {2}• /, "- ").replace(/^ {2}(?=\S)/, "\n"));
  const losses = describeLosses(preview).map((line) => `- ${line.trim()}`);
  const changes = steps.filter(({ kind }) => kind !== "wait");
  return [
    `### \`hubctl plan\`: ${deployment}`,
    `https://${domain} · account ${account} · ${region}`,
    "",
    summarize(preview),
    ...(losses.length === 0 ? [] : ["", "**Refused unless it is named:**", ...losses]),
    ...(meaning.length === 0 ? [] : ["", "**What it means:**", ...meaning]),
    ...changes.flatMap((step) => foldStep(step)),
    ...(drift.length === 0
      ? []
      : fold("What others have changed", drift.flatMap((item) => describeDrift(item, plain)).map(unindent))),
  ].join("\n");
}

function summarize({ hasChanges, steps, drift, isInstalled }: Preview): string {
  const others =
    drift.length === 0 ? "" : ` Others have changed ${drift.length === 1 ? "1 thing" : `${drift.length} things`}.`;
  if (!hasChanges) return `**Nothing to change.**${others}`;
  const objects = steps.flatMap(({ objects: all }) => all);
  const counted = (["create", "change", "replace", "delete"] as const).flatMap((action) => {
    const count = objects.filter((object) => object.action === action).length;
    return count === 0 ? [] : [`${count} to ${action}`];
  });
  const what = counted.length === 0 ? "Changes" : counted.join(", ");
  return `**${what}${isInstalled ? "" : ": the first install"}.**${others}`;
}

function foldStep({ title, summary, objects, kind }: StepPreview): string[] {
  if (kind === "unknown") return ["", `${title}: ${summary}`];
  const lines = describeObjects(objects, plain);
  return lines.length === 0 ? ["", `${title}: ${summary}`] : fold(`${title}: ${summary}`, lines);
}

/** No line of the content begins with tildes, so none ends the block. */
function fold(title: string, lines: readonly string[]): string[] {
  const colored = lines.map((line) => line.replace(/^[~±]/, "!"));
  return ["", `<details><summary>${escapeHtml(title)}</summary>`, "", "~~~~diff", ...colored, "~~~~", "</details>"];
}

function unindent(line: string): string {
  return line.replace(/^ {2}/, "");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
