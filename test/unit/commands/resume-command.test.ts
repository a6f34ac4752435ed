import { expect, it } from "vitest";
import { resumeCommand } from "../../../src/commands/resume-command.ts";

it("says again whatever the next run would not know by itself", () => {
  expect(resumeCommand("install", "field", {})).toBe("hubctl install --deployment field");
  const options = {
    set: ["domain=hub.example.org"],
    allowReplace: ['aws_subnet.private["a"]'],
    confirm: "field",
    useLocalConfig: true,
    rollback: true,
  };
  expect(resumeCommand("update", "field", options)).toBe(
    `hubctl update --deployment field --rollback --set domain=hub.example.org --allow-replace 'aws_subnet.private["a"]' --use-local-config --confirm field`,
  );
});
