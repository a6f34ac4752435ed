/**
 * A domain name as it is compared: lower case, no final dot, and no escapes
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html): Route 53 shows "*" as "\052".
 */
export function plainName(name: string): string {
  return name
    .replace(/\\([0-7]{3})/g, (_escape, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    .replace(/\.$/, "")
    .toLowerCase();
}

/** Whether a name is a zone's own or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The name itself and all above it: "a.b.c" gives "a.b.c", "b.c", "c". */
export function namesUp(name: string): string[] {
  const labels = name.split(".");
  return labels.map((_label, index) => labels.slice(index).join("."));
}
