import { readLock } from "../config/lock-file.ts";
import { UserError } from "../errors.ts";

export function refuseNotInstalled({ name, lockFile }: { name: string; lockFile: string }): void {
  if (readLock(lockFile) !== undefined) return;
  throw new UserError("NotInstalled", `${name} is not installed: there is no ${lockFile}`, {
    hint: `hubctl install --deployment ${name}; or, if others have installed it: hubctl init --fetch ${name}`,
  });
}
