import { describe, expect, it } from "vitest";
import { createGuard } from "../../../src/steps/guard.ts";
import type { Loss } from "../../../src/tools/plan-guard.ts";

const lossOf = (address: string, carriesData = false): Loss => ({
  address,
  verb: "replace",
  kind: "thing",
  carriesData,
  forcedBy: ["key"],
});
const claim = lossOf("PersistentVolumeClaim/jupyterhub/hub-db-dir", true);
const balancer = lossOf("Service/jupyterhub/proxy-public");

describe("the guard of a run", () => {
  it("tells all that was found at once, and what a step found last", () => {
    const guard = createGuard([balancer.address]);
    guard.putOff();
    guard.weigh("platform", [lossOf("aws_vpc.this")]);
    guard.weigh("platform", [lossOf("aws_subnet.this")]);
    guard.weigh("hub", [balancer, claim]);
    expect(() => guard.enforce()).toThrow(
      expect.objectContaining({
        code: "PlanWouldDestroy",
        exitCode: 2,
        message: `the plan would replace the thing aws_subnet.this; replace the thing ${claim.address}; nothing was touched`,
      }) as Error,
    );
  });

  it("refuses what turns up while steps run, and does not say that nothing was touched", () => {
    const guard = createGuard();
    guard.putOff();
    guard.enforce();
    expect(() => guard.weigh("hub", [balancer])).toThrow(/proxy-public; that was not done$/);
  });

  it("lets pass then what was named, but data only if its loss was shown", () => {
    const guard = createGuard([balancer.address, claim.address]);
    guard.putOff();
    guard.weigh("hub", []);
    guard.enforce();
    expect(() => guard.weigh("hub", [balancer])).not.toThrow();
    expect(() => guard.weigh("hub", [claim])).toThrow("hub-db-dir");
    guard.putOff();
    guard.weigh("hub", [claim]);
    guard.enforce();
    expect(() => guard.weigh("hub", [claim])).not.toThrow();
  });
});
