import type { HubConfig } from "./hub-config.ts";

/** What is allowed but hardly meant; one sentence each. */
export function configWarnings({ auth, image }: HubConfig): string[] {
  const warnings: string[] = [];
  const hasAllowed = auth.allowedUsers.length > 0 || auth.allowedOrganizations.length > 0;
  if (!auth.allowAll && !hasAllowed) {
    warnings.push("Only admins can log in: no other users, no organisation and not everybody are allowed");
  }
  if (auth.allowAll && hasAllowed) {
    warnings.push("Everybody can log in, so the lists of allowed users and organisations have no effect");
  }
  if (auth.allowAll && auth.method === "github") {
    warnings.push("Everybody with a GitHub account can log in and start servers");
  }
  if (image.tag === "latest") {
    warnings.push(
      `The image ${image.repository}:latest can change from one server start to the next; a fixed tag can't`,
    );
  }
  return warnings;
}
